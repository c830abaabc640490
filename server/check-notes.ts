import { type KnownScript, scriptNotes } from "../shared/config/script-notes.js";
import type { InterfaceSelector, ServerConfig } from "../shared/config/types.js";
import { nameInterfaces, twiceConfigured } from "./link-names.js";
import { formatIp6, type Ip6, sameIp6 } from "../shared/prefix.js";

/** An interface of the system, as far as it matters here. */
export interface KnownInterface {
  readonly name: string;
  readonly index: number;
  readonly up: boolean;
  readonly addresses: readonly { readonly address: Ip6; readonly linkLocal: boolean }[];
}

/**
 * What in the system as it is now would keep the server from starting, or have it do less than the file
 * says; each a sentence. With `inactive-mode` an interface may come later.
 */
export function checkNotes(
  config: ServerConfig,
  interfaces: readonly KnownInterface[],
  script: KnownScript | undefined,
): string[] {
  const arrivals = config.interfaces.flatMap(({ selector, relay, unicast }) => {
    const used = relay === undefined ? selector : relay.over;
    return used === undefined ? [] : [{ used, unicast }];
  });
  const indexes = new Map(interfaces.map(({ name, index }) => [name, index]));
  const twice = twiceConfigured(nameInterfaces(config, indexes));
  const notes = arrivals.flatMap(({ used, unicast }) =>
    interfaceNotes(used, unicast, interfaces, config.inactiveMode),
  );
  return [
    ...new Set([
      ...(twice === undefined ? [] : [`${twice}: the server would not start`]),
      ...notes,
      ...(script === undefined ? [] : scriptNotes(config.script ?? "", script, WITHOUT_SCRIPT)),
    ]),
  ];
}

const WITHOUT_SCRIPT = "the server would serve without it";

function interfaceNotes(
  selector: InterfaceSelector,
  unicast: Ip6 | undefined,
  among: readonly KnownInterface[],
  mayComeLater: boolean,
): string[] {
  const what = "name" in selector ? selector.name : `number ${selector.index}`;
  const found = among.find((it) =>
    "name" in selector ? it.name === selector.name : it.index === selector.index,
  );
  const outcome = mayComeLater ? "it is served as soon as it is ready" : "the server would not start";
  if (found === undefined) {
    const present = among.map(({ name }) => name).join(", ");
    return [`interface ${what} does not exist here (there are: ${present}): ${outcome}`];
  }
  const linkLocal = found.addresses.some((each) => each.linkLocal);
  const isDown = found.up ? "" : " and is down";
  const isMissing = unicast !== undefined && !found.addresses.some((it) => sameIp6(it.address, unicast));
  return [
    ...(linkLocal ? [] : [`interface ${found.name} has no link-local address${isDown}: ${outcome}`]),
    ...(isMissing
      ? [`interface ${found.name} does not have the address ${formatIp6(unicast)}: ${outcome}`]
      : []),
  ];
}
