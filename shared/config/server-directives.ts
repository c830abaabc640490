import { COMMON_DIRECTIVES } from "./common-directives.js";
import { grammarOf, type HeadOf } from "./grammar.js";
import { CLASS_DIRECTIVES, OPTION_DIRECTIVES, RESERVATION_DIRECTIVES } from "./server-class-directives.js";
import { directive, G, GI, I, inert, NO_NAMES, type ServerScope } from "./server-places.js";
import {
  addressRange,
  eventTarget,
  interfaceId,
  interfaceIdOrder,
  leaseRate,
  listenAddress,
  relaySuppliedCode,
  route,
  webUrl,
} from "./server-syntax.js";
import {
  address,
  choice,
  flag,
  list,
  number,
  optional,
  pair,
  selector,
  terminated,
  text,
  toggle,
  truth,
} from "./syntax.js";

const NO_ROUTES = "routes are not sent to clients";

const globals = [
  directive("script-replay", G, toggle, { example: "script-replay 0", standard: "1" }),
  directive("script-wait", G, toggle, { example: "script-wait 1", standard: "0" }),
  directive("compatibility", G, choice("strict", "fixed"), {
    example: 'compatibility "strict"',
    standard: '"fixed"',
  }),
  directive("inactive-mode", GI, flag, { example: "inactive-mode" }),
  directive("stateless", G, flag, { example: "stateless" }),
  directive("guess-mode", G, flag, { example: "guess-mode" }),
  directive("interface-id-order", G, interfaceIdOrder, {
    example: "interface-id-order omit",
    standard: "before",
  }),
  // In octets, 147 for a client: Dibbler's reckoning.
  directive("cache-size", G, number(), { example: "cache-size 4194304", standard: "1048576" }),
  directive("drop-unicast", G, flag, { example: "drop-unicast" }),
  directive("reconfigure-enabled", G, toggle, { example: "reconfigure-enabled 1", standard: "0" }),
  directive("relay-supplied-options", G, list(relaySuppliedCode), {
    example: "relay-supplied-options 65,143",
    standard: "65",
  }),
  // Leases are stored before their clients hear of them all the same: it is the views that wait.
  directive("performance-mode", G, truth, {
    example: "performance-mode 1",
    standard: "0",
    needs: "experimental",
  }),
  inert("fqdn-ddns-address", G, address, { example: "fqdn-ddns-address 2001:db8::53", unused: NO_NAMES }),
  directive("key", G, text, {
    example: 'key "ddns" { secret "c2VjcmV0"; algorithm hmac-sha256; fudge 300; };',
    unused: NO_NAMES,
    body: { scope: "key", end: ";" },
  }),
  directive("secret", ["key"], terminated(text), { example: 'secret "c2VjcmV0";', unused: NO_NAMES }),
  directive("algorithm", ["key"], terminated(choice("hmac-md5", "hmac-sha1", "hmac-sha256")), {
    example: "algorithm hmac-sha256;",
    unused: NO_NAMES,
  }),
  inert("fudge", ["key"], terminated(number()), { example: "fudge 300;", unused: NO_NAMES }),
] as const;

const interfaces = [
  directive("iface", G, selector, {
    example: 'iface "eth0" { pd-class { pd-pool 2001:db8::/40 pd-length 56 } }',
    body: { scope: "iface" },
  }),
  directive("preference", GI, number(0, 255), { example: "preference 255", standard: "0" }),
  directive("rapid-commit", GI, toggle, { example: "rapid-commit 1", standard: "0" }),
  directive("client-max-lease", GI, number(), { example: "client-max-lease 20", standard: "10" }),
  directive("unicast", GI, address, { example: "unicast 2001:db8::547" }),
  directive("iface-max-lease", GI, number(), {
    example: "iface-max-lease 1000",
    unused: "an interface has as many leases as its pools hold",
  }),
  inert("accept-unknown-fqdn", GI, pair(number(), undefined, optional(text)), {
    example: 'accept-unknown-fqdn 4 "example.org"',
    unused: NO_NAMES,
  }),
  inert("next-hop", I, address, {
    example: "next-hop 2001:db8::1 { route 2001:db8:1::/48 lifetime 3600 }",
    unused: NO_ROUTES,
    body: { scope: "next-hop", need: "optional" },
  }),
  inert("route", ["iface", "next-hop"], route, {
    example: "route 2001:db8:1::/48 lifetime infinite",
    unused: NO_ROUTES,
  }),
] as const;

const relays = [
  // Before any interface it crashes Dibbler; behind one it belongs to that.
  directive("subnet", GI, addressRange, { example: "subnet 2001:db8:1::/48", needs: "iface" }),
  directive("relay", GI, selector, { example: 'relay "eth0"' }),
  directive("interface-id", GI, interfaceId, { example: "interface-id 5020" }),
  directive("accept-leasequery", GI, optional(toggle), { example: "accept-leasequery 1", standard: "0" }),
  directive("bulk-leasequery-accept", GI, toggle, { example: "bulk-leasequery-accept 1", standard: "0" }),
  directive("bulk-leasequery-tcp-port", GI, number(1, 65535), {
    example: "bulk-leasequery-tcp-port 5470",
    standard: "547",
  }),
  directive("bulk-leasequery-max-conns", GI, number(1), {
    example: "bulk-leasequery-max-conns 20",
    standard: "10",
  }),
  directive("bulk-leasequery-timeout", GI, number(1), {
    example: "bulk-leasequery-timeout 60",
    standard: "300",
  }),
] as const;

/** Ours: new leases at most, per source, relay and Remote-ID, and rest for what was given back. */
const limits = [
  directive("source-lease-rate", GI, leaseRate, { example: "source-lease-rate 20 3600", standard: "0" }),
  directive("relay-lease-rate", GI, leaseRate, { example: "relay-lease-rate 5000 3600", standard: "0" }),
  directive("remote-id-lease-rate", GI, leaseRate, { example: "remote-id-lease-rate 20", standard: "0" }),
  directive("quarantine", GI, number(), { example: "quarantine 3600", standard: "0" }),
] as const;

/** Ours: what programs that watch the server fetch, and are told. */
const watching = [
  directive("metrics", G, listenAddress, { example: 'metrics "[::1]:9547"' }),
  directive("status-page", G, listenAddress, { example: 'status-page "[::1]:9548"' }),
  directive("events", G, eventTarget, { example: 'events "unix:/run/dibbler/events.sock"' }),
  directive("webhook", G, webUrl, { example: 'webhook "https://ipam.example/dibbler"' }),
  directive("webhook-secret", G, text, { example: 'webhook-secret "a long random text"' }),
] as const;

/** Ours: the server sets the route of each delegated prefix itself. */
const routes = [
  directive("routes", ["global", "iface", "pd-class"], toggle, { example: "routes 1", standard: "0" }),
] as const;

/** Every directive of Dibbler's server.conf, and ours. A new one is a row here. */
export const SERVER_DIRECTIVES = [
  ...COMMON_DIRECTIVES,
  ...globals,
  ...interfaces,
  ...relays,
  ...limits,
  ...routes,
  ...watching,
  ...CLASS_DIRECTIVES,
  ...RESERVATION_DIRECTIVES,
  ...OPTION_DIRECTIVES,
] as const;

/** A directive of server.conf as read. */
export type ServerHead = HeadOf<(typeof SERVER_DIRECTIVES)[number]>;

/** The grammar of server.conf. */
export const SERVER_GRAMMAR = grammarOf<ServerHead, ServerScope>(SERVER_DIRECTIVES, "global");
