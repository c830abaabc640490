import { formatPrefix, formatIp6, ip6 } from "../prefix.js";
import { codeOf, type Option } from "../wire/options.js";

/** Dibbler's numbers for the route options of a draft that has never become an RFC. */
const NEXT_HOP = 242;
const ROUTE = 243;
const ROUTE_OCTETS = 22;

/**
 * What the hook script is told of routes that are sent, as names and values in Dibbler's form: gateway,
 * prefix, lifetime in seconds (4294967295 for ever), metric. A name may come more than once.
 */
export function routeVariables(options: readonly Option[]): readonly (readonly [string, string])[] {
  return options.flatMap((option) => {
    if (option.name !== "raw") return [];
    if (option.code === ROUTE) return withName("OPTION_RTPREFIX", routeText(option.data));
    return option.code === NEXT_HOP ? gatewayVariables(option.data) : [];
  });
}

/** True for an option that `routeVariables` tells of. */
export const isRouteOption = (option: Option): boolean =>
  codeOf(option) === NEXT_HOP || codeOf(option) === ROUTE;

function gatewayVariables(data: Uint8Array): readonly (readonly [string, string])[] {
  if (data.length < 16) return [];
  const gateway = formatIp6(ip6(data.subarray(0, 16)));
  const routes = nestedRoutes(data.subarray(16));
  if (routes.length === 0) return [["OPTION_NEXT_HOP", gateway]];
  return routes.map((route) => ["OPTION_NEXT_HOP_RTPREFIX", `${gateway} ${route}`] as const);
}

function nestedRoutes(data: Uint8Array): readonly string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const routes: string[] = [];
  for (let at = 0; at + 4 <= data.length; at += 4 + view.getUint16(at + 2)) {
    const length = view.getUint16(at + 2);
    const route = routeText(data.subarray(at + 4, at + 4 + length));
    if (view.getUint16(at) === ROUTE && route !== undefined) routes.push(route);
  }
  return routes;
}

function routeText(data: Uint8Array): string | undefined {
  if (data.length !== ROUTE_OCTETS) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const prefix = { address: ip6(data.subarray(6)), length: view.getUint8(4) };
  return `${formatPrefix(prefix)} ${view.getUint32(0)} ${view.getUint8(5)}`;
}

const withName = (name: string, value: string | undefined): readonly (readonly [string, string])[] =>
  value === undefined ? [] : [[name, value]];
