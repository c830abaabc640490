/** Text as roff takes it: nothing in it is a request, an escape or a hyphen to break at. */
export const escapeText = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "...")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll('"', "\\(dq")
    .replaceAll("`", "\\(ga")
    .replace(/^(?=[.'])/gm, "\\&");

/** The words between backquotes bold, as everything is that is typed. */
export const prose = (text: string): string =>
  text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? bold(part) : escapeText(part)))
    .join("");

/** What is typed as it stands. */
export const bold = (text: string): string => `\\fB${escapeText(text)}\\fR`;

/** The head line of a page. There is no date: the same sources give the same page. */
export const titleLine = (name: string, section: number, version: string): string =>
  `.TH ${escapeText(name.toUpperCase())} ${section} "" "dibbler\\-node ${escapeText(version)}" ` +
  `"${section === 8 ? "System administration" : "File formats"}"`;

/** A section with what is in it. */
export const section = (title: string, ...body: readonly string[]): string =>
  [`.SH ${quoted(title)}`, ...body].join("\n");

/** A section inside a section. */
export const subsection = (title: string, ...body: readonly string[]): string =>
  [`.SS ${quoted(title)}`, ...body].join("\n");

/** Paragraphs of prose. */
export const paragraphs = (...texts: readonly string[]): string =>
  texts.map((text) => `.PP\n${prose(text)}`).join("\n");

/** A term and what it means. */
export const item = (term: string, ...texts: readonly string[]): string =>
  [
    ".TP",
    bold(term),
    ...texts.map((text, index) => (index === 0 ? prose(text) : `.br\n${prose(text)}`)),
  ].join("\n");

/** Lines that stay as they are. */
export const verbatim = (text: string): string =>
  [".PP", ".RS 4", ".EX", escapeText(text.trimEnd()), ".EE", ".RE"].join("\n");

const quoted = (text: string): string => `"${escapeText(text)}"`;
