import { quote, type Report, type Span } from "./diagnostics.js";
import type { InterfaceSelector } from "./types.js";

/** The interfaces met so far in a file, with the place of the block that named each first. */
export type InterfaceNames = Map<string, Span>;

/**
 * Notes an interface; one that was met before is an error. The same one by name and by index is not noticed
 * here.
 */
export function noteInterface(
  met: InterfaceNames,
  selector: InterfaceSelector,
  at: Span,
  report: Report,
): void {
  const key = "name" in selector ? `name ${selector.name}` : `index ${selector.index}`;
  const first = met.get(key);
  if (first === undefined) {
    met.set(key, at);
    return;
  }
  const { line } = report.place(first.start);
  const name = interfaceName(selector);
  report.error(at, `interface ${name} is configured twice`, `the first block is in line ${line}`);
}

/** The interface as messages call it: its name in quotes, or its index. */
export function interfaceName(selector: InterfaceSelector): string {
  return "name" in selector ? quote(selector.name) : String(selector.index);
}
