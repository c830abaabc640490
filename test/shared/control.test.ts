import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CONTROL_REQUEST_LIMIT,
  controlLine,
  parseControlAnswer,
  parseControlRequest,
  SOCKET_PATH_LIMIT,
  socketPathFault,
} from "../../shared/control.js";

const line = (text: string): string => text.slice(0, -1);

describe("control: requests", () => {
  test("a command with fields of its own -> all of them", () => {
    const text = '{"command":"reconfigure","client":"all","n":1}';
    expect(parseControlRequest(text)).toEqual({ command: "reconfigure", client: "all", n: 1 });
  });

  test.each([
    ["nothing", "", "not a JSON object"],
    ["text", "reconfigure all", "not a JSON object"],
    ["half an object", '{"command":"reconf', "not a JSON object"],
    ["null", "null", "not a JSON object"],
    ["a list", '["reconfigure"]', "not a JSON object"],
    ["no command", '{"client":"all"}', 'no "command"'],
    ["a command that is no text", '{"command":7}', 'no "command"'],
    ["too much", `{"command":"${"a".repeat(CONTROL_REQUEST_LIMIT)}"}`, "longer than 4096"],
  ])("%s -> a sentence", (_what, text, words) => {
    expect(parseControlRequest(text)).toContain(words);
  });

  test("any request survives the way, on one line", () => {
    const fields = fc.dictionary(fc.string({ maxLength: 9 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
    fc.assert(
      fc.property(fc.string({ maxLength: 99 }), fields, (command, more) => {
        const text = controlLine({ ...more, command });
        expect(text.indexOf("\n")).toBe(text.length - 1);
        fc.pre(text.length <= CONTROL_REQUEST_LIMIT);
        expect(controlLine(parseControlRequest(line(text)) as { command: string })).toBe(text);
      }),
    );
  });
});

describe("control: answers", () => {
  test.each([{ ok: true, message: "done" } as const, { ok: false, error: "not done" } as const])(
    "%j survives the way",
    (answer) => {
      expect(parseControlAnswer(line(controlLine(answer)))).toEqual(answer);
    },
  );

  test.each(["", "ok", "[]", '{"ok":true}', '{"ok":false,"message":"done"}', '{"ok":1,"message":"done"}'])(
    "%j is none",
    (text) => {
      expect(parseControlAnswer(text)).toBeUndefined();
    },
  );
});

test("control: a path has room for 107 octets, whatever their characters", () => {
  expect(socketPathFault("/".padEnd(SOCKET_PATH_LIMIT, "a"))).toBeUndefined();
  expect(socketPathFault("/".padEnd(SOCKET_PATH_LIMIT + 1, "a"))).toContain("108 octets");
  expect(socketPathFault("/".padEnd(SOCKET_PATH_LIMIT, "é"))).toContain("213 octets");
});
