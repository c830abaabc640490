import { readFileSync } from "node:fs";
import { type Millis, millis } from "../../shared/brand.js";
import { type Duid, parseDuid } from "../../shared/duid.js";
import { type Former, readFormer } from "../../client/take-over.js";

/** A `client-AddrMgr.xml` of Debian's dibbler-client 1.0.1, with a server of ours. */
export const sample = (name: string): string => readFileSync(`test/client/files/${name}.xml`, "utf8");

/** The DUID in text form. */
export function mustDuid(text: string): Duid {
  const duid = parseDuid(text);
  if (duid === undefined) throw new Error(text);
  return duid;
}

/** Whose the samples are. */
export const DIBBLER_CLIENT = mustDuid("00:01:00:01:32:9e:59:49:0a:9c:28:af:f3:e1");
/** When the leases of `dibbler-101` were granted. */
export const GRANTED = 1_795_923_148_000;
/** When the samples are read, a minute later. */
export const READ = millis(GRANTED + 60_000);

/** Reads a file as the client of this DUID would; the interface of index 2 is called wan7. */
export function readSample(text: string, own = DIBBLER_CLIENT, written: Millis = READ): Former {
  const read = (push: (text: string) => void): void => {
    for (let at = 0; at < text.length; at += 100) push(text.slice(at, at + 100));
  };
  const nameOf = (index: number): string | undefined => (index === 2 ? "wan7" : undefined);
  return readFormer({ read, times: { now: READ, written }, nameOf }, own);
}
