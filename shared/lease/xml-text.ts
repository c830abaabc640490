const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text for an attribute or element; Dibbler writes it as it is, which is the same for usual names. */
export const escapeXml = (text: string): string =>
  NEEDS_ESCAPE.test(text) ? text.replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign) : text;

const NEEDS_ESCAPE = /[&<>"]/;

/** The inverse of `escapeXml`; what is no such escape stays. */
export const unescapeXml = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot);/g, (escape) => SIGNS.get(escape) ?? escape);

const SIGNS = new Map(Object.entries(ESCAPES).map(([sign, escape]) => [escape, sign]));
