import type { Millis } from "../brand.js";
import { readClient } from "./addrmgr-client.js";
import { writtenAt } from "./addrmgr-time.js";
import type { FilePassage, ForeignReader, ForeignSink, ReadTimes } from "./foreign.js";
import { type Chunk, createChunker } from "./xml-chunks.js";
import { parseElements } from "./xml-elements.js";

/**
 * Reads Dibbler's `server-AddrMgr.xml`, of 1.0.1 and 1.0.2 and of ours, one client at a time, so that a file
 * of any size takes little memory; and `client-AddrMgr.xml`, which has one client. What is damaged is told
 * with its line, and the rest is read all the same: also the leases of the client in the middle of which a
 * file breaks off.
 */
export function createAddrMgrReader(teller: ForeignSink, times: ReadTimes): ForeignReader {
  const sink: ForeignSink = {
    ...teller,
    passage: (passage) => {
      teller.passage({ ...passage, text: quotable(passage.text) });
    },
  };
  const chunker = createChunker("AddrClient");
  const head: Head = { isOurs: false, timestamp: undefined, isClosed: false };

  function read(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      if (chunk.kind === "between") readBetween(chunk, head, sink);
      else readElement(chunk, sink, times.now, writtenAt(head.timestamp, times));
    }
  }

  return {
    push(text) {
      read(chunker.push(text));
    },
    end() {
      read(chunker.end());
      if (!head.isOurs) {
        sink.passage({
          line: 0,
          kind: "unreadable",
          text: "there is no <AddrMgr>: not a file of Dibbler",
        });
      } else if (!head.isClosed) {
        sink.passage({ line: 0, kind: "unreadable", text: "the end is missing: there is no </AddrMgr>" });
      }
    },
  };
}

/** Names of elements and words of the library come from the file: they could steer a terminal, or not end. */
const quotable = (text: FilePassage["text"]): string => {
  const plain = text.replace(/\p{Cc}/gu, "_");
  return plain.length <= LONGEST_TEXT ? plain : `${plain.slice(0, LONGEST_TEXT)}...`;
};
const LONGEST_TEXT = 200;

/** What stands around the clients. */
interface Head {
  isOurs: boolean;
  timestamp: number | undefined;
  isClosed: boolean;
}

/** Everything that belongs there, with the blanks around it. */
const KNOWN =
  /<\/?AddrMgr>|<timestamp>\d*<\/timestamp>|<replayDetection>\d*<\/replayDetection>|<cache [^<>]*>/g;
/** What any XML file may have, and an editor's mark at the beginning. */
const XML = /<\?[^>]*\?>|<!--[^]*?-->|\s+|\ufeff/g;

function readBetween({ text, line }: Chunk, head: Head, sink: ForeignSink): void {
  head.isOurs ||= text.includes("<AddrMgr>");
  head.isClosed ||= text.includes("</AddrMgr>");
  const timestamp = /<timestamp>(\d{1,15})<\/timestamp>/.exec(text)?.[1];
  if (timestamp !== undefined) head.timestamp = Number(timestamp);
  if (text.replace(KNOWN, "").replace(XML, "") === "") return;
  const strange = text.split("\n").findIndex((row) => row.replace(KNOWN, "").replace(XML, "") !== "");
  sink.passage({ line: line + Math.max(0, strange), kind: "unreadable", text: "this does not belong here" });
}

function readElement(chunk: Chunk, sink: ForeignSink, now: Millis, written: Millis): void {
  const { line, kind } = chunk;
  if (kind === "huge") sink.passage({ line, kind: "unreadable", text: "a client that does not end" });
  if (kind === "cut") sink.passage({ line, kind: "unreadable", text: "a client whose end is missing" });
  const text = kind === "whole" ? chunk.text : wholeLeases(chunk.text);
  const lineAt = createLineFinder(text, line);
  try {
    for (const client of parseElements(text, "AddrClient"))
      readClient(client, { sink, now, written, lineAt });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    sink.passage({ line, kind: "unreadable", text: `a client that is no XML (${reason})` });
  }
}

/** What is certainly complete of a client that breaks off: up to the end of its last lease. */
function wholeLeases(text: string): string {
  const ends = ["</AddrPrefix>", "</AddrAddr>"].map((end) => {
    const at = text.lastIndexOf(end);
    return at < 0 ? 0 : at + end.length;
  });
  return text.slice(0, Math.max(...ends));
}

/** Lines of ascending places; looks at each character once. */
function createLineFinder(text: string, first: number): (at: number) => number {
  let [line, from] = [first, 0];
  return (at) => {
    if (at < from) [line, from] = [first, 0];
    for (let next = text.indexOf("\n", from); next >= 0 && next < at; next = text.indexOf("\n", from)) {
      line++;
      from = next + 1;
    }
    return line;
  };
}
