import { quote } from "../../shared/config/diagnostics.js";

/** Texts that somebody may look for are no longer than this: a DUID of 130 octets with its colons. */
const TEXT_LIMIT = 400;

/** A whole number from 0 to `max`; undefined when it is not given, a sentence when it is something else. */
export function numberIn(query: URLSearchParams, name: string, max: number): number | string | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Infinity;
  return value <= max ? value : `${name}: expected a number from 0 to ${max}, found ${quote(text)}`;
}

/** One of some words; undefined when it is not given, an error when it is something else. */
export function wordIn<W extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly W[],
): { readonly word: W | undefined } | { readonly error: string } {
  const text = query.get(name);
  if (text === null || text === "") return { word: undefined };
  const word = words.find((each) => each === text);
  if (word !== undefined) return { word };
  return { error: `${name}: expected one of ${words.join(", ")}, found ${quote(text)}` };
}

/** A text without blanks around it, or an error when it is longer than anything that could be found. */
export function textIn(
  query: URLSearchParams,
  name: string,
): { readonly text: string } | { readonly error: string } {
  const text = (query.get(name) ?? "").trim();
  if (text.length <= TEXT_LIMIT) return { text };
  return { error: `${name}: expected ${TEXT_LIMIT} characters at most, found ${text.length}` };
}
