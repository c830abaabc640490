import { dirname, join } from "node:path";
import { CATALOGUE } from "../../shared/catalogue.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import { type Duid, formatDuid, sameDuid } from "../../shared/duid.js";
import { storedNow } from "../../shared/edge/boot-clock.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { readDuidFile } from "../../shared/edge/duid-file.js";
import { SystemError } from "../../shared/edge/errors.js";
import { readText, replaceFileSync } from "../../shared/edge/files.js";
import { interfaceIndexes } from "../../shared/edge/interfaces.js";
import { openLeaseStore, openLeaseView } from "../../shared/edge/lmdb-store.js";
import type { Log } from "../../shared/edge/log.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import { openProgress, type Progress } from "../../shared/edge/progress.js";
import { keepCopy, type OpenedText, openText } from "../../shared/edge/state-files.js";
import { isStoreError } from "../../shared/edge/store-error.js";
import { millis } from "../../shared/brand.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { changeFor } from "../../shared/lease/changes.js";
import type { ForeignFormat } from "../../shared/lease/foreign-file.js";
import type { LeaseStore, LeaseView } from "../../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { breakEvents } from "../serve-recorder.js";
import { type Imported, importLeases } from "../import.js";
import { formatNames, importReport } from "../import-report.js";
import { createNetwork, type Network } from "../links.js";
import { loadTable, storeWritten, takeOver } from "../serve-state.js";

/** What is wanted of an import. */
export interface Job {
  readonly file: string;
  readonly isDry: boolean;
  readonly fallback: string | undefined;
  readonly withDuid: boolean;
}

/** What the leases come into. */
interface Basis {
  readonly config: ServerConfig;
  readonly network: Network;
  readonly interfaces: ReadonlyMap<string, number>;
}

/**
 * Takes the leases out of a file; gives the exit status. Rejects with a SystemError or StoreError that says
 * what is in the way.
 */
export async function runJob(job: Job, paths: Paths): Promise<number> {
  const file = openText(job.file);
  if (file === undefined) throw new SystemError("ENOENT", `${job.file} does not exist`);
  const basis = readBasis(paths.configFile);
  const { links } = basis.network;
  if (job.fallback !== undefined && !links.has(job.fallback)) {
    const names = [...links.keys()].join(", ");
    throw new SystemError("unknown-interface", `${paths.configFile} has no ${job.fallback}, only ${names}`);
  }
  return job.isDry ? await tryImport(job, file, basis, paths) : await doImport(job, file, basis, paths);
}

async function tryImport(job: Job, file: OpenedText, basis: Basis, { workDir }: Paths): Promise<number> {
  const view = await openViewIfThere(workDir);
  const imported = readFile(
    job,
    file,
    basis,
    view === undefined ? undefined : loadTable(view, sayLine),
    view,
  );
  await view?.close();
  if (!tell(job.file, imported)) return 1;
  if (job.withDuid) say(`the server's DUID would be ${formatDuid(duidOf(imported, job.file))}`);
  say("nothing was stored: this was a dry run");
  return 0;
}

async function doImport(job: Job, file: OpenedText, basis: Basis, paths: Paths): Promise<number> {
  const { workDir } = paths;
  const written = storeWritten(workDir);
  const store = await openLeaseStore(workDir);
  try {
    const table = loadTable(store, sayLine);
    const now = storedNow(store);
    // Else the first start would not, as leases are there already.
    await takeOver(store, { ...basis, workDir, written, table, now, log: sayLine });
    const before = table.size;
    const imported = readFile(job, file, basis, table, store);
    if (!tell(job.file, imported)) return 1;
    const duid = job.withDuid ? usableDuid(duidOf(imported, job.file), paths.duidFile, before) : undefined;
    if (imported.ids.length > 0) {
      await breakEvents(store);
      await storeAll(store, imported.ids, table, openProgress(file.octets));
    }
    say(`${imported.ids.length} lease(s) stored in ${paths.workDir}`);
    if (duid !== undefined) {
      keepCopy(paths.duidFile);
      replaceFileSync(paths.duidFile, formatDuid(duid), 0o640);
      say(`${paths.duidFile} is ${formatDuid(duid)} now`);
    } else if (!job.withDuid && imported.ids.length > 0) {
      say("clients that renew name the DUID of the server that they have: see --with-duid");
    }
    return 0;
  } finally {
    await store.close();
  }
}

/** All at once or not at all. */
async function storeAll(
  store: LeaseStore,
  ids: Imported["ids"],
  table: LeaseTable,
  progress: Progress,
): Promise<void> {
  let asked = 0;
  try {
    await store.commitMany(ids, (id) => {
      progress.show("storing", asked++ / (2 * ids.length));
      return changeFor(table, id);
    });
  } finally {
    progress.end();
  }
}

function readBasis(configFile: string): Basis {
  const { config, diagnostics } = parseServerConfig(readText(configFile));
  if (config === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error").length;
    throw new SystemError("config", `${configFile} has ${errors} error(s): see dibbler-server check`);
  }
  const interfaces = interfaceIndexes();
  return { config, interfaces, network: createNetwork(config, interfaces) };
}

function readFile(
  { fallback }: Job,
  file: OpenedText,
  { network, interfaces }: Basis,
  table: LeaseTable = emptyTable(),
  store?: Pick<LeaseStore, "meta">,
): Imported {
  const wall = millis(Date.now());
  const now = store === undefined ? wall : storedNow(store);
  const progress = openProgress(file.octets);
  const imported = importLeases({
    ...{ file, table, network, interfaces, now, wall, fallback },
    onProgress: (characters) => {
      progress.show("reading", characters / file.octets);
    },
  });
  progress.end();
  return imported;
}

/** Prints what came of it; false when nothing did because the file cannot be read. */
function tell(path: string, imported: Imported): boolean {
  if (imported.format === undefined) {
    process.stderr.write(`${path} is no file of leases that can be read (${formatNames()})\n`);
    return false;
  }
  for (const line of importReport(path, imported)) say(line);
  return imported.ids.length > 0 || imported.report.count("unreadable") === 0;
}

/** Where each server keeps its DUID, beside its file of leases. */
const DUID_FILES: Readonly<Partial<Record<ForeignFormat, string>>> = {
  kea: "kea-dhcp6-serverid",
  dibbler: "server-duid",
};

function duidOf({ server, format }: Imported, path: string): Duid {
  if (server !== undefined) return server;
  const name = format === undefined ? undefined : DUID_FILES[format];
  const beside = name === undefined ? path : join(dirname(path), name);
  const duid = name === undefined ? undefined : readDuidFile(beside);
  if (duid !== undefined) return duid;
  throw new SystemError("no-duid", `there is no DUID of the server in ${beside}; leave --with-duid out`);
}

/** The DUID, unless it is this server's already. Other clients may know this server by its own. */
function usableDuid(duid: Duid, duidFile: string, leases: number): Duid | undefined {
  const own = readDuidFile(duidFile);
  if (own !== undefined && sameDuid(own, duid)) return undefined;
  if (own === undefined || leases === 0) return duid;
  throw new SystemError(
    "other-duid",
    `nothing was stored: clients of ${leases} lease(s) know this server by the DUID ${formatDuid(own)}; ` +
      "leave --with-duid out, and clients of the other server change over by Rebind",
  );
}

async function openViewIfThere(workDir: string): Promise<LeaseView | undefined> {
  try {
    return await openLeaseView(workDir);
  } catch (error) {
    if (isStoreError(error) && error.code === "STORE_MISSING") return undefined;
    throw error;
  }
}

const emptyTable = (): LeaseTable => createLeaseTable({ seed: crypto.getRandomValues(new Uint8Array(16)) });

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const sayLine: Log = (id, values = {}) => {
  say(fillTemplate(CATALOGUE[id].text, values));
};
