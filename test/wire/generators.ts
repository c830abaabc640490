import fc from "fast-check";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { ip6, maskIp6, type Prefix } from "../../shared/prefix.js";
import { type ClientServerType, hasSentTime, MESSAGE_CODE } from "../../shared/wire/codes.js";
import type { DomainName } from "../../shared/wire/domain-name.js";
import type { Message } from "../../shared/wire/message.js";
import {
  type Container,
  type KnownOption,
  mayContain,
  messageContainer,
  type Option,
  OPTION_NAMES,
  type OptionName,
  option,
  optionNameOf,
  OPTIONS,
  type OptionValue,
  rawOption,
} from "../../shared/wire/options.js";
import { encodeExclude } from "../../shared/wire/prefix-exclude.js";

/** A generator for what each option carries; `depth` is how many levels of options may still follow. */
type Generators = { readonly [N in OptionName]: (depth: number) => fc.Arbitrary<OptionValue<N>> };

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const duration = fc.oneof(u32, fc.constantFrom(0, 1, 0xffffffff)).map(seconds);
const octets = (minLength = 0, maxLength = 24): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });
const address = octets(16, 16).map(ip6);
const prefix: fc.Arbitrary<Prefix> = fc.record({ address, length: fc.nat(128) });
/** A prefix without octets that it has no use for. */
const shortPrefix = prefix.map(({ address, length }) => ({
  address: maskIp6(address, (length + 7) & ~7),
  length,
}));
const label = octets(1, 63).map((text) => Uint8Array.of(text.length, ...text));
const labels = fc
  .array(label, { maxLength: 5 })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
const name = labels
  .filter((wire) => wire.length < 255)
  .map((wire) => Uint8Array.of(...wire, 0) as DomainName);
const partialName = fc.oneof(
  name,
  labels.filter((wire) => wire.length < 255).map((wire) => wire as DomainName),
);

const once =
  <T>(arbitrary: fc.Arbitrary<T>) =>
  (): fc.Arbitrary<T> =>
    arbitrary;
const opaque = once(octets());
const duids = once(octets(0, 132).map(duid));
const addresses = once(fc.array(address, { minLength: 1, maxLength: 4 }));
const names = once(fc.array(name, { minLength: 1, maxLength: 3 }));
const codes = once(fc.array(u16, { maxLength: 12 }));
const items = fc.array(octets(), { maxLength: 4 });
const nothing = once(fc.constant(null));
const coded = fc.record({ code: u16, data: octets() });
const manager = once(fc.record({ transports: u16, name }));
const holder = (container: Container) => (depth: number) =>
  fc.record({ options: optionsIn(container, depth) });
const ia = (container: Container) => (depth: number) =>
  fc.record({ iaid: u32.map(iaid), t1: duration, t2: duration, options: optionsIn(container, depth) });

/** One generator for each row of the option table; the compiler misses none. */
export const GENERATORS: Generators = {
  clientId: duids,
  serverId: duids,
  iaNa: ia("iaNa"),
  iaTa: (depth) => fc.record({ iaid: u32.map(iaid), options: optionsIn("iaTa", depth) }),
  iaAddr: (depth) =>
    fc.record({ address, preferred: duration, valid: duration, options: optionsIn("iaAddr", depth) }),
  optionRequest: codes,
  preference: once(u8),
  elapsedTime: once(u16),
  relayMessage: (depth) => messageOf(depth),
  auth: once(
    fc.record({ protocol: u8, algorithm: u8, rdm: u8, replay: octets(8, 8), information: octets() }),
  ),
  unicast: once(address),
  statusCode: once(fc.record({ status: u16, text: octets() })),
  rapidCommit: nothing,
  userClass: once(items),
  vendorClass: once(fc.record({ enterprise: u32, classes: items })),
  vendorOptions: once(fc.record({ enterprise: u32, options: fc.array(coded, { maxLength: 3 }) })),
  interfaceId: opaque,
  reconfigureMessage: once(u8),
  reconfigureAccept: nothing,
  sipDomains: names,
  sipServers: addresses,
  dnsServers: addresses,
  domainList: names,
  iaPd: ia("iaPd"),
  iaPrefix: (depth) => prefix.chain((delegated) => iaPrefix(delegated, depth)),
  nisServers: addresses,
  nisPlusServers: addresses,
  nisDomain: names,
  nisPlusDomain: names,
  sntpServers: addresses,
  informationRefreshTime: once(duration),
  bcmcsDomains: names,
  bcmcsServers: addresses,
  geoconfCivic: opaque,
  remoteId: once(fc.record({ enterprise: u32, id: octets() })),
  subscriberId: opaque,
  clientFqdn: once(fc.record({ flags: u8, name: partialName })),
  panaAgents: addresses,
  posixTimezone: opaque,
  tzdbTimezone: opaque,
  echoRequest: codes,
  lqQuery: (depth) =>
    fc.record({ queryType: u8, linkAddress: address, options: optionsIn("lqQuery", depth) }),
  clientData: holder("clientData"),
  cltTime: once(duration),
  lqRelayData: (depth) => fc.record({ peerAddress: address, message: messageOf(depth) }),
  lqClientLink: addresses,
  mip6HomeNetworkFqdn: opaque,
  mip6VisitedNetwork: opaque,
  lostServer: names,
  capwapControllers: addresses,
  relayId: duids,
  mobilityServers: opaque,
  mobilityServerNames: opaque,
  ntpServer: once(
    fc.array(
      fc.oneof(
        fc.record({ type: fc.constantFrom("unicast" as const, "multicast" as const), address }),
        fc.record({ type: fc.constant("name" as const), name }),
        fc.record({
          type: fc.constant("unknown" as const),
          code: fc.integer({ min: 4, max: 99 }),
          data: octets(),
        }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  ),
  accessDomain: names,
  sipUaConfigDomains: names,
  bootfileUrl: opaque,
  bootfileParameters: once(items),
  clientArchitectures: codes,
  bootInterface: once(fc.record({ type: u8, major: u8, minor: u8 })),
  geolocation: opaque,
  aftrName: names,
  erpLocalDomain: names,
  rsoo: holder("rsoo"),
  pdExclude: once(fc.record({ length: fc.nat(128), subnetId: octets(1, 16) })),
  vss: once(fc.record({ type: u8, data: octets() })),
  mip6IdentifiedHome: opaque,
  mip6UnrestrictedHome: opaque,
  mip6HomePrefix: opaque,
  mip6HomeAgent: opaque,
  mip6HomeAgentFqdn: opaque,
  rdnssSelection: opaque,
  krbPrincipalName: opaque,
  krbRealmName: opaque,
  krbDefaultRealmName: opaque,
  krbKdc: opaque,
  clientLinkLayerAddress: once(fc.record({ hardwareType: u16, address: octets(0, 20) })),
  linkAddress: once(address),
  radius: once(fc.array(fc.record({ type: u8, value: octets(0, 253) }), { maxLength: 3 })),
  solMaxRt: once(duration),
  infMaxRt: once(duration),
  addrSel: (depth) => fc.record({ flags: u8, options: optionsIn("addrSel", depth) }),
  addrSelPolicy: once(fc.record({ label: u8, precedence: u8, prefix: shortPrefix })),
  pcpServers: addresses,
  dhcpv4Message: opaque,
  dhcp4oDhcp6Servers: once(fc.array(address, { maxLength: 3 })),
  s46Rule: (depth) =>
    fc.record({
      flags: u8,
      eaLength: u8,
      prefix4: fc.record({ address: octets(4, 4), length: fc.nat(32) }),
      prefix6: shortPrefix,
      options: optionsIn("s46Rule", depth),
    }),
  s46Br: once(address),
  s46Dmr: once(shortPrefix),
  s46V4V6Bind: (depth) =>
    fc.record({ address4: octets(4, 4), prefix6: shortPrefix, options: optionsIn("s46V4V6Bind", depth) }),
  s46PortParameters: once(fc.record({ offset: u8, psidLength: u8, psid: u16 })),
  s46MapE: holder("s46MapE"),
  s46MapT: holder("s46MapT"),
  s46Lw4o6: holder("s46Lw4o6"),
  fourRd: holder("fourRd"),
  fourRdMapRule: opaque,
  fourRdNonMapRule: opaque,
  lqBaseTime: once(u32),
  lqStartTime: once(u32),
  lqEndTime: once(u32),
  captivePortal: opaque,
  mplParameters: opaque,
  aniAccessTechnology: opaque,
  aniNetworkName: opaque,
  aniApName: opaque,
  aniApBssid: opaque,
  aniOperatorId: opaque,
  aniOperatorRealm: opaque,
  s46Priority: codes,
  mudUrl: opaque,
  prefix64: opaque,
  fBindingStatus: opaque,
  fConnectFlags: opaque,
  fDnsRemovalInfo: opaque,
  fDnsHostName: opaque,
  fDnsZoneName: opaque,
  fDnsFlags: opaque,
  fExpirationTime: opaque,
  fMaxUnackedBndUpd: opaque,
  fMclt: opaque,
  fPartnerLifetime: opaque,
  fPartnerLifetimeSent: opaque,
  fPartnerDownTime: opaque,
  fPartnerRawCltTime: opaque,
  fProtocolVersion: opaque,
  fKeepaliveTime: opaque,
  fReconfigureData: opaque,
  fRelationshipName: opaque,
  fServerFlags: opaque,
  fServerState: opaque,
  fStartTimeOfState: opaque,
  fStateExpirationTime: opaque,
  relayPort: once(u16),
  sztpRedirect: opaque,
  s46BindPrefix: once(shortPrefix),
  iaLl: ia("iaLl"),
  llAddr: (depth) =>
    fc.record({
      hardwareType: u16,
      address: octets(0, 20),
      extra: u32,
      valid: duration,
      options: optionsIn("llAddr", depth),
    }),
  slapQuadrants: once(fc.array(fc.record({ quadrant: u8, preference: u8 }), { minLength: 1, maxLength: 4 })),
  dotsRi: names,
  dotsAddresses: addresses,
  andsfServers: addresses,
  dnr: once(
    fc.record({
      priority: u16,
      name,
      service: fc.option(
        fc.record({ addresses: fc.array(address, { maxLength: 2 }), parameters: octets() }),
        { nil: undefined },
      ),
    }),
  ),
  registeredDomain: names,
  forwardDistributionManager: manager,
  reverseDistributionManager: manager,
  addrRegEnable: nothing,
  iaSrv6Locator: opaque,
  iaLocator: opaque,
};

const TYPES = Object.keys(MESSAGE_CODE).filter(isClientServerType);

/** A message of either form with options that may stand in it; relay messages nest to `depth`. */
export function messageOf(depth: number): fc.Arbitrary<Message> {
  if (depth <= 0) return clientServer(0);
  return fc.oneof(
    { weight: 2, arbitrary: clientServer(depth) },
    { weight: 1, arbitrary: relay("relayForward", depth) },
    { weight: 1, arbitrary: relay("relayReply", depth) },
  );
}

/** An option of one row. */
export function optionOf<N extends OptionName>(row: N, depth: number): fc.Arbitrary<KnownOption<N>> {
  return GENERATORS[row](depth).map((value) => option(row, value));
}

function clientServer(depth: number): fc.Arbitrary<Message> {
  return fc.constantFrom(...TYPES).chain((type) =>
    fc.record({
      form: fc.constant("message" as const),
      type: fc.constant(type),
      code: fc.constant(MESSAGE_CODE[type]),
      xid: fc.nat(0xffffff).map(xid),
      ...(hasSentTime(MESSAGE_CODE[type]) ? { sentTime: u32 } : {}),
      options: optionsIn(messageContainer(type), depth),
    }),
  );
}

function relay(type: "relayForward" | "relayReply", depth: number): fc.Arbitrary<Message> {
  return fc.record({
    form: fc.constant("relay" as const),
    type: fc.constant(type),
    hopCount: u8,
    linkAddress: address,
    peerAddress: address,
    options: optionsIn(type, depth),
  });
}

/** IAPREFIX, at times with a PD Exclude that fits. */
function iaPrefix(prefix: Prefix, depth: number): fc.Arbitrary<OptionValue<"iaPrefix">> {
  const exclude = prefix.length === 128 ? fc.constant([]) : fc.array(excludeIn(prefix), { maxLength: 1 });
  const options = fc.tuple(exclude, optionsIn("iaPrefix", depth)).map((parts) => parts.flat());
  return fc.record({ preferred: duration, valid: duration, prefix: fc.constant(prefix), options });
}

function excludeIn(delegated: Prefix): fc.Arbitrary<Option> {
  return fc
    .record({ address, length: fc.integer({ min: delegated.length + 1, max: 128 }) })
    .map((any) => option("pdExclude", encodeExclude(delegated, inside(delegated, any.address, any.length))));
}

/** A prefix of that length with the first bits of the delegated one. */
function inside(delegated: Prefix, address: Uint8Array, length: number): Prefix {
  const head = maskIp6(delegated.address, delegated.length);
  const tail = maskIp6(ip6(address), delegated.length);
  return { address: ip6(address.map((octet, at) => octet ^ (tail[at] ?? 0) ^ (head[at] ?? 0))), length };
}

const memory = new Map<string, fc.Arbitrary<readonly Option[]>>();

/** Options that may stand in the container, singletons once, among them unknown ones. */
function optionsIn(container: Container, depth: number): fc.Arbitrary<readonly Option[]> {
  const key = `${container} ${depth}`;
  const known = memory.get(key) ?? makeOptionsIn(container, depth);
  memory.set(key, known);
  return known;
}

function makeOptionsIn(container: Container, depth: number): fc.Arbitrary<readonly Option[]> {
  if (depth <= 0) return fc.constant([]);
  const rows = OPTION_NAMES.filter((row) => mayContain(container, row) && row !== "pdExclude");
  const unknown = fc
    .record({ code: u16.filter((code) => optionNameOf(code) === undefined), data: octets() })
    .map(({ code, data }): Option => rawOption(code, data));
  const any = fc.oneof(unknown, ...rows.map((row) => optionOf(row, depth - 1)));
  return fc.array(any, { maxLength: 5 }).map(withoutRepeats);
}

function withoutRepeats(options: readonly Option[]): readonly Option[] {
  return options.filter(
    ({ name }, index) =>
      name === "raw" ||
      "multi" in OPTIONS[name] ||
      options.findIndex((other) => other.name === name) === index,
  );
}

function isClientServerType(type: string): type is ClientServerType {
  return type in MESSAGE_CODE && type !== "relayForward" && type !== "relayReply";
}
