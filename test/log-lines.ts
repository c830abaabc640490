import { CATALOGUE, type LogId } from "../shared/catalogue.js";

/** True when some line of a log file was written for this row of the catalogue, whatever its values. */
export function isLogged(log: string | undefined, id: LogId): boolean {
  const pattern = CATALOGUE[id].text
    .split(/\{\w+\}/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".+");
  return new RegExp(`(Emergency|Alert|Critical|Error|Warning|Notice|Info|Debug) +${pattern}$`, "m").test(
    log ?? "",
  );
}
