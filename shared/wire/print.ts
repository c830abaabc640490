import type { Printed } from "./kind.js";
import type { Message } from "./message.js";
import { MESSAGE } from "./option-table.js";

/** A message on one line: `SOLICIT xid=0a0b01 {clientId 00:01:..; iaPd iaid=1 t1=0 t2=0}`. Holds no keys. */
export function printMessage(message: Message): string {
  return onOneLine(MESSAGE.print(message));
}

/** A message as a tree, an option a line, indented by two spaces a level. */
export function printMessageTree(message: Message): string {
  return asTree(MESSAGE.print(message), "").join("\n");
}

function onOneLine({ text, children = [] }: Printed): string {
  return children.length === 0 ? text : `${text} {${children.map(onOneLine).join("; ")}}`;
}

function asTree({ text, children = [] }: Printed, indent: string): string[] {
  return [indent + text, ...children.flatMap((child) => asTree(child, `${indent}  `))];
}
