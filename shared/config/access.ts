import { quote, type Report } from "./diagnostics.js";
import type { Node } from "./parser.js";
import type { ServerHead } from "./server-directives.js";
import type { Acting, Scope } from "./server-scope.js";
import type { Access, Condition, ServerConfig } from "./types.js";

/** The client classes met so far; undefined for a condition that could not be read. */
export type ClientClasses = Map<string, Condition | undefined>;

/** Keeps the condition of a `client-class` for the lines behind it. */
export function defineClientClass(
  classes: ClientClasses,
  { value: name, at }: Acting<"client-class">,
  body: readonly Node<ServerHead>[] | undefined,
  report: Report,
): void {
  if (classes.has(name)) {
    report.warning(at, `client-class ${quote(name)} is defined again: from here on this one counts`);
  }
  let condition: Condition | undefined;
  for (const { head } of body ?? []) {
    if (!head.acts || head.keyword !== "match-if") continue;
    if (condition !== undefined) {
      report.error(head.at, "a client-class has one condition", "join conditions: match-if ((…) and (…))");
    }
    condition = head.value;
  }
  classes.set(name, condition);
}

/** Adds the condition of a class to the scope. `block` keeps which of allow and deny it uses. */
export function applyAccess(
  scope: Scope,
  block: { access: "allow" | "deny" | undefined },
  { keyword, value: name, at }: Acting<"allow" | "deny">,
  classes: ClientClasses,
  report: Report,
): void {
  if (!classes.has(name)) {
    report.error(at, `there is no client-class ${quote(name)} above this line`);
  } else if (block.access !== undefined && block.access !== keyword) {
    report.error(at, "allow and deny cannot stand in one block", `only "${block.access}" was used so far`);
  }
  block.access ??= keyword;
  const condition = classes.get(name);
  if (condition !== undefined) scope[keyword].push(condition);
}

/** Who may use a class of addresses. */
export const addressAccess = ({ allow, deny, acceptOnly, reject }: Scope): Access => ({
  allow,
  deny,
  acceptOnly,
  reject,
});

/**
 * Who may use a class of prefixes. Lists of clients can stand around it only: Dibbler passes them over, but
 * who writes one on an interface means all of it.
 */
export const prefixAccess = (scope: Scope, compatibility: ServerConfig["compatibility"]): Access =>
  compatibility === "strict" ? { ...addressAccess(scope), acceptOnly: [], reject: [] } : addressAccess(scope);
