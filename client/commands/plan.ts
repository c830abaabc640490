import { millis } from "../../shared/brand.js";
import { CATALOGUE } from "../../shared/catalogue.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import { renderDiagnostic } from "../../shared/config/diagnostics.js";
import type { ClientConfig } from "../../shared/config/types.js";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { sentenceOf, SystemError } from "../../shared/edge/errors.js";
import { readText, readTextIfThere } from "../../shared/edge/files.js";
import { readInterfaces } from "../../shared/edge/interfaces.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import { sameIp6 } from "../../shared/prefix.js";
import { problemsOf } from "../downlink-report.js";
import { decodeDownlinks, DOWNLINKS_FILE } from "../downlinks-file.js";
import {
  type Delegation,
  delegationsOf,
  type DownlinkMemory,
  type DownlinkPlan,
  NO_MEMORY,
} from "../plan.js";
import { exampleDelegations, planText, type PlanView, viewOf } from "../plan-view.js";
import { planFor } from "../planning.js";
import { decodeState } from "../remembered.js";

/** What it takes. */
export const planDeclaration = {
  name: "dibbler-client plan",
  describe:
    "show how delegated prefixes are divided among the downlinks: subnets, addresses, lifetimes, routes; without " +
    "a lease, how one of the length asked for would be. Nothing is changed",
  words: {},
  options: {
    json: { type: "boolean", describe: "print it as one JSON object" },
    commands: { type: "boolean", describe: "print the commands that set all this, and nothing else" },
  },
  examples: [
    ["dibbler-client plan", "of the client in /var/lib/dibbler"],
    ["dibbler-client plan --config /tmp/new.conf", "what another configuration would do with the prefixes"],
    ["dibbler-client plan --commands", "as lines for a shell"],
    ["dibbler-client plan --json | jq -r '.subnets[].address'", "for programs"],
  ],
  notes:
    "States: set; not set: the client does not run, or has just begun; down: set when the interface is up; " +
    "deprecated: its prefix is gone, connections go on for two hours at most.",
} as const satisfies CommandDeclaration;

/** Shows the plan; gives the exit status. */
export async function runPlan(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(planDeclaration, words);
  if (typeof args === "number") return args;
  try {
    const config = readConfig(paths);
    if (config.downlinks.mode === "none") {
      process.stderr.write(`${paths.configFile} has downlink-prefix-ifaces "none": nothing is divided\n`);
      return 0;
    }
    const { plan, view } = lookAt(config, paths);
    for (const { id, values } of problemsOf(plan)) {
      process.stderr.write(`note: ${fillTemplate(CATALOGUE[id].text, values)}\n`);
    }
    process.stdout.write(textOf(view, args.flag("json"), args.flag("commands")));
    return 0;
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

function textOf(view: PlanView, asJson: boolean, asCommands: boolean): string {
  if (asJson) return `${JSON.stringify(view, undefined, 2)}\n`;
  if (asCommands) return view.commands.map((line) => `${line}\n`).join("");
  return `${planText(view)}\n`;
}

function readConfig({ configFile }: Paths): ClientConfig {
  const text = readText(configFile);
  const { config, diagnostics } = parseClientConfig(text);
  if (config !== undefined) return config;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const said = errors.map((each) => renderDiagnostic(each, { file: configFile, text }));
  throw new SystemError("configuration", said.join("\n"));
}

function lookAt(
  config: ClientConfig,
  { workDir }: Paths,
): { readonly plan: DownlinkPlan; readonly view: PlanView } {
  const now = millis(Date.now());
  const interfaces = readInterfaces();
  const held = readDelegations(`${workDir}/client-state.json`).filter(({ validUntil }) => validUntil > now);
  const delegations = held.length > 0 ? held : exampleDelegations(config);
  const memory = readMemory(`${workDir}/${DOWNLINKS_FILE}`);
  const plan = planFor(config, interfaces, delegations, memory, now);
  const view = viewOf(
    plan,
    delegations,
    held.length === 0,
    (name, address) =>
      interfaces.some((it) => it.name === name && it.addresses.some((one) => sameIp6(one.address, address))),
    now,
  );
  return { plan, view };
}

function readDelegations(path: string): readonly Delegation[] {
  const text = readTextIfThere(path);
  if (text === undefined) return [];
  const decoded = decodeState(text);
  if (!decoded.ok) throw new SystemError("state", `${path} cannot be used: ${decoded.why}`);
  return [...decoded.remembered.links].flatMap(([uplink, link]) => delegationsOf(uplink, link));
}

function readMemory(path: string): DownlinkMemory {
  const text = readTextIfThere(path);
  if (text === undefined) return NO_MEMORY;
  const decoded = decodeDownlinks(text);
  if (!decoded.ok) throw new SystemError("state", `${path} cannot be used: ${decoded.why}`);
  return decoded.memory;
}
