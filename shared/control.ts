/** A command for the running program: its name, and whatever else it says. */
export interface ControlRequest {
  readonly command: string;
  readonly [field: string]: unknown;
}

/** How a command went, in words for people; `data` is the same for programs, a plain value of JSON. */
export type ControlAnswer =
  | { readonly ok: true; readonly message: string; readonly data?: unknown }
  | { readonly ok: false; readonly error: string };

/** Longest request in characters, without the end of its line. */
export const CONTROL_REQUEST_LIMIT = 4096;

/** Longest path of a socket in octets: the kernel has room for 108, the last of them a zero. */
export const SOCKET_PATH_LIMIT = 107;

/** The answer to a command that is not carried out. */
export const refusal = (error: string): ControlAnswer => ({ ok: false, error });

/** A request or an answer as it travels: JSON on a line of its own. */
export const controlLine = (value: ControlRequest | ControlAnswer): string => `${JSON.stringify(value)}\n`;

/** Reads one line of a caller; a sentence when it is no request. */
export function parseControlRequest(line: string): ControlRequest | string {
  if (line.length > CONTROL_REQUEST_LIMIT)
    return `the request is longer than ${CONTROL_REQUEST_LIMIT} characters`;
  const value = parseJson(line);
  if (!isObject(value)) return "the request is not a JSON object on one line";
  const { command } = value;
  if (typeof command !== "string") return 'the request has no "command"';
  return { ...value, command };
}

/** Reads what the running program has answered; `undefined` when it is no answer. */
export function parseControlAnswer(line: string): ControlAnswer | undefined {
  const value = parseJson(line);
  if (!isObject(value)) return undefined;
  const { ok, message, error, data } = value;
  if (ok === true && typeof message === "string") {
    return data === undefined ? { ok, message } : { ok, message, data };
  }
  if (ok === false && typeof error === "string") return { ok, error };
  return undefined;
}

/** What is wrong with a path as a socket's name, in a sentence. */
export function socketPathFault(path: string): string | undefined {
  const octets = new TextEncoder().encode(path).length;
  if (octets <= SOCKET_PATH_LIMIT) return undefined;
  return `the path ${path} has ${octets} octets, and a socket's can have ${SOCKET_PATH_LIMIT}; use a shorter directory`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
