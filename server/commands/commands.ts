import type { Command } from "../../shared/edge/program.js";
import { checkCommand } from "./check.js";
import { importCommand } from "./import.js";
import { leasesCommand } from "./leases.js";
import { reconfigureCommand } from "./reconfigure.js";
import { releaseCommand } from "./release.js";
import { reloadCommand } from "./reload.js";
import { showCommand } from "./show.js";

/** Commands besides Dibbler's, in the order in which they are told. */
export const serverCommands: readonly Command[] = [
  checkCommand,
  leasesCommand,
  showCommand,
  releaseCommand,
  reloadCommand,
  reconfigureCommand,
  importCommand,
];
