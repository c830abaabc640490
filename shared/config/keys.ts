import { quote, type Report } from "./diagnostics.js";
import type { Node } from "./parser.js";
import type { ServerHead } from "./server-directives.js";
import type { Acting } from "./server-scope.js";

/**
 * Checks a `key` block, which is for DNS updates and otherwise unused: who has a wrong one shall hear of it,
 * as from Dibbler.
 */
export function checkKey(
  { value: name, at }: Acting<"key">,
  { body, isFaulty }: Node<ServerHead>,
  report: Report,
): void {
  const heads = (body ?? []).map(({ head }) => head);
  for (const head of heads) {
    if (!head.acts || head.keyword !== "secret" || BASE64.test(head.value)) continue;
    report.error(head.at, "the secret of a key is base64", 'for example: secret "c2VjcmV0";');
  }
  const missing = ["secret", "algorithm"].filter((each) => !heads.some(({ keyword }) => keyword === each));
  if (missing.length === 0 || isFaulty) return;
  report.error(at, `the key ${quote(name)} has no ${missing.join(" and no ")}`, EXAMPLE);
}

/** Dibbler takes more `=` at the end than there should be. */
const BASE64 = /^(?=.)(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?=*$/;

const EXAMPLE = 'for example: key "ddns" { secret "c2VjcmV0"; algorithm hmac-sha256; };';
