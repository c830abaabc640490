import { XMLParser } from "fast-xml-parser";

/** An XML element as `parseElements` gives it. */
export interface XmlElement {
  /** Attributes and `#text` by name; elements in it by name, as arrays. */
  readonly values: object;
  /** Where it begins in the text that was parsed. */
  readonly at: number;
}

// Dibbler writes no entities, and text stays text: "00:03" and "18446744073709551615" are no numbers here.
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  alwaysCreateTextNode: true,
  captureMetaData: true,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
});

/** The elements of this name at the top of a text. Throws what the library says of text that is no XML. */
export function parseElements(text: string, name: string): readonly XmlElement[] {
  const root: unknown = parser.parse(text);
  return listOf(isObject(root) ? Reflect.get(root, name) : undefined);
}

/** The elements of this name in an element. */
export const elementsIn = ({ values }: XmlElement, name: string): readonly XmlElement[] =>
  listOf(Reflect.get(values, name));

/** What stands in an element and is none of these: `<name>`, or "text". */
export function strangersIn({ values }: XmlElement, known: ReadonlySet<string>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (Array.isArray(value)) return known.has(name) ? [] : [`<${name}>`];
    return name === "#text" && typeof value === "string" && value.trim() !== "" ? ["text"] : [];
  });
}

/** An attribute; `undefined` when it is not there. */
export function attributeOf({ values }: XmlElement, name: string): string | undefined {
  const value: unknown = Reflect.get(values, name);
  return typeof value === "string" ? value.trim() : undefined;
}

/** The text of an element, without blanks around it. */
export const textOf = (element: XmlElement): string => attributeOf(element, "#text") ?? "";

const listOf = (value: unknown): readonly XmlElement[] =>
  Array.isArray(value) ? value.filter(isObject).map(asElement) : [];

function asElement(value: object): XmlElement {
  const [symbol] = Object.getOwnPropertySymbols(value);
  const position: unknown = symbol === undefined ? undefined : Reflect.get(value, symbol);
  const at: unknown = isObject(position) ? Reflect.get(position, "startIndex") : 0;
  return { values: value, at: typeof at === "number" ? at : 0 };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
