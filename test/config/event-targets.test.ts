import { describe, expect, test } from "vitest";
import { errors, PD_CLASS, server } from "./given.js";

describe("where lease events go", () => {
  const target =
    'expected a socket or a file, e.g. "unix:/run/dibbler/events.sock" or "/var/log/dibbler/events.jsonl"';
  const url = 'expected an URL with http or https and without a user, e.g. "https://ipam.example/dibbler"';

  test.each([
    ["events", "events.jsonl", target],
    ["events", "unix:events.sock", target],
    ["events", "tcp:/run/x", target],
    ["events", "", target],
    ["webhook", "ftp://h.example/", url],
    ["webhook", "h.example", url],
    ["webhook", "https://", url],
    ["webhook", "https://me:secret@h.example/", url],
    ["webhook", "https://h.example/#part", url],
    ["webhook", "https://h.example/a b", url],
  ])('%s "%s": an error that shows how', (directive, written, expected) => {
    const [found = ""] = errors("server", `${directive} "${written}" iface s0 { ${PD_CLASS} }`);
    expect(found).toContain(expected);
  });

  test.each([
    [
      'events "unix:/run/e.sock" events "/var/log/e" events "file:/var/log/e"',
      {
        events: [
          { kind: "unix", path: "/run/e.sock" },
          { kind: "file", path: "/var/log/e" },
        ],
      },
    ],
    ['webhook "http://[::1]:80/a?b=1"', { webhook: { url: "http://[::1]:80/a?b=1", secret: undefined } }],
    [
      'webhook-secret "s e" webhook "https://h.example"',
      { webhook: { url: "https://h.example", secret: "s e" } },
    ],
    ['webhook-secret "alone"', { events: [], webhook: undefined }],
  ])("%s: is understood", (line, expected) => {
    expect(server(`iface s0 { ${PD_CLASS} } ${line}`)).toMatchObject(expected);
  });
});
