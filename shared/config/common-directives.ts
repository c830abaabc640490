import { rowsFor } from "./grammar.js";
import { choice, flag, list, number, text, truth } from "./syntax.js";

const { directive, inert } = rowsFor<"global">();
const GLOBAL = ["global"] as const;
const UNSIGNED = "messages are neither signed nor checked";
const NO_DNS = "no DNS update is made";

/** The directives that mean the same to both programs, and stand outside of all blocks. */
export const COMMON_DIRECTIVES = [
  directive("log-level", GLOBAL, number(), { example: "log-level 7", standard: "8" }),
  directive("log-mode", GLOBAL, text, { example: "log-mode short", standard: "full" }),
  directive("log-name", GLOBAL, text, { example: 'log-name "edge-1"' }),
  directive("log-colors", GLOBAL, number(), { example: "log-colors 1", standard: "0" }),
  directive("script", GLOBAL, text, { example: 'script "/var/lib/dibbler/hook.sh"', standard: '""' }),
  directive("script-timeout", GLOBAL, number(1, 3600), { example: "script-timeout 5", standard: "10" }),
  directive("work-dir", GLOBAL, text, {
    example: 'work-dir "/var/lib/dibbler"',
    unused: "the option -w of the command line says where the state is kept",
  }),
  inert("experimental", GLOBAL, flag, { example: "experimental" }),
  inert("auth-protocol", GLOBAL, choice("none", "delayed", "reconfigure-key", "dibbler"), {
    example: "auth-protocol reconfigure-key",
    unused: UNSIGNED,
  }),
  directive("auth-methods", GLOBAL, list(authMethod()), {
    example: "auth-methods digest-hmac-sha256",
    unused: UNSIGNED,
  }),
  inert("auth-replay", GLOBAL, text, { example: "auth-replay monotonic", unused: UNSIGNED }),
  inert("auth-realm", GLOBAL, text, { example: 'auth-realm "example.com"', unused: UNSIGNED }),
  inert("auth-required", GLOBAL, truth, { example: "auth-required 1", unused: UNSIGNED }),
  inert("auth-algorithm", GLOBAL, text, {
    example: 'auth-algorithm "hmac-md5"',
    refused: "Dibbler never supported it; auth-methods names algorithms",
  }),
  inert("ddns-protocol", GLOBAL, choice("tcp", "udp", "any"), {
    example: "ddns-protocol udp",
    unused: NO_DNS,
  }),
  inert("ddns-timeout", GLOBAL, number(), { example: "ddns-timeout 1000", unused: NO_DNS }),
] as const;

function authMethod(): ReturnType<typeof choice> {
  const digests = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];
  const names = digests.flatMap((digest) => [`hmac-${digest}`, `digest-hmac-${digest}`]);
  return choice("digest-none", "digest-plain", ...names);
}
