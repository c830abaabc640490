import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { option, rawOption } from "../../shared/wire/options.js";
import { server } from "../config/given.js";
import { createClient, createRig, pd } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";
import {
  address,
  CLIENT,
  DIRECT,
  holder,
  LAN,
  messages,
  name,
  POOL,
  seen,
  SERVER,
  strict,
  told,
} from "./strict-captures.js";

describe("strict hooks: an environment with all kinds of options, as captured", () => {
  const CONFIGURATION = `
    compatibility "strict"
    script "/hook"
    reconfigure-enabled 1
    iface "eth0" {
      option vendor-spec 1234-5678-0x0102,1234-1-2001:db8::1,4321-2-"foo"
      option 99 duid 0x1234
      option 100 address 2001:db8::1
      option 101 address-list 2001:db8::1,2001:db8::2
      option 102 string "abc"
      option lifetime 600
      option time-zone "CET"
      option aftr aftr.example.com
      option sip-server 2001:db8::5
      option sip-domain sip.example.com
      option nis-server 2001:db8::6
      option nis-domain nis.example.com
      option nis+-server 2001:db8::7
      option nis+-domain nisp.example.com
      option ntp-server 2001:db8::8
      option domain a.example.com,b.example.com
      option dns-server 2001:db8::53
      pd-class { pd-pool ${POOL} pd-length 56 }
    }`;
  const CODES = [17, 99, 100, 101, 102, 32, 42, 64, 22, 21, 27, 29, 28, 30, 31, 24, 23];
  const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

  test("Request", () => {
    const rig = createRig(server(CONFIGURATION));
    const client = createClient(rig, 1);
    const event = client.event("request", [pd(1)], {
      options: [
        option("elapsedTime", 5),
        option("vendorClass", { enterprise: 1, classes: [octets("x")] }),
        option("userClass", [octets("u")]),
        option("reconfigureAccept", null),
        option("clientFqdn", { flags: 1, name: name("h1.example.com") }),
        rawOption(11, octets("?")),
        option("optionRequest", CODES),
      ],
    });
    rig.watch(event);
    const [call] = rig.hooks();
    if (call === undefined) throw new Error("no call");
    expect(seen(call)).toEqual([
      "add",
      ...DIRECT,
      ...messages("REQUEST"),
      ...told(1, call.order[0] ?? "", 86400, 172800),
      `SRV_OPTION2=${SERVER}`,
      `SRV_OPTION1=${CLIENT}`,
      "SRV_OPTION7=0",
      // Dibbler passes one for each enterprise; a shell takes the last.
      "SRV_OPTION17=vendor=4321 2=66:6f:6f ",
      "SRV_OPTION99=12:34",
      "SRV_OPTION100=2001:db8::1",
      "SRV_OPTION101=2001:db8::1 2001:db8::2 ",
      "SRV_OPTION102=abc",
      "SRV_OPTION32=600",
      "SRV_OPTION42=CET",
      "SRV_OPTION64=aftr.example.com ",
      "SRV_OPTION22=2001:db8::5 ",
      "SRV_OPTION21=sip.example.com ",
      "SRV_OPTION27=2001:db8::6 ",
      "SRV_OPTION29=nis.example.com ",
      "SRV_OPTION28=2001:db8::7 ",
      "SRV_OPTION30=nisp.example.com ",
      "SRV_OPTION31=2001:db8::8 ",
      "SRV_OPTION24=a.example.com b.example.com ",
      "SRV_OPTION23=2001:db8::53 ",
      "SRV_OPTION11=[generic]",
      `CLNT_OPTION1=${CLIENT}`,
      `CLNT_OPTION2=${SERVER}`,
      "CLNT_OPTION8=5",
      "CLNT_OPTION16=[generic]",
      "CLNT_OPTION15=[generic]",
      "CLNT_OPTION20=[generic]",
      "CLNT_OPTION39=h1.example.com S",
      "CLNT_OPTION11=[generic]",
      "CLNT_OPTION6=[generic]",
    ]);
  });

  test("a withdrawn prefix, which Dibbler does not know -> a delete of its own", () => {
    const rig = strict(LAN, { reconfigure: true });
    const { held } = holder(rig);
    const moved = rig.restart(
      configure([iface("eth0", [pdClass(56, ["2001:db8:2000::/40"])])], {
        compatibility: "strict",
        scriptReplay: false,
        reconfigure: true,
      }),
    );
    createClient(moved, 1).renew(pd(1, [held, seconds(0), seconds(0)]));
    expect(moved.hooks()).toMatchObject([
      { action: "update" },
      { action: "delete", order: [held], variables: { PREFIX1: address(held), PREFIX1VALID: "0" } },
    ]);
  });
});
