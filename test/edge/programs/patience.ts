// dibbler-client.cjs hang DIR      starts a daemon that never gets ready, waiting 300 ms for it
// dibbler-client.cjs deaf DIR      becomes a process that claims DIR/client.pid and ignores TERM
// dibbler-client.cjs stop DIR MS   stops what runs there, waiting MS
import { pathsFor } from "../../../shared/edge/command-line.js";
import { enterWorkDir, isDaemon, startDaemon, stopDaemon } from "../../../shared/edge/daemon.js";
import { claimPidFile } from "../../../shared/edge/pid-file.js";

const daemon = isDaemon();
const [verb = "", workDir = "", ms = "0"] = process.argv.slice(2);
const paths = pathsFor("client", {
  action: "run",
  words: [],
  workDir,
  configFile: undefined,
  logDir: undefined,
});

async function act(): Promise<number> {
  if (verb === "stop") return await stopDaemon("client", paths, Number(ms));
  if (verb === "hang" && !daemon) {
    return await startDaemon({ role: "client", paths, args: ["hang", workDir], timeoutMs: 300 });
  }
  enterWorkDir(workDir);
  const claim = claimPidFile(paths.pidFile, "client");
  process.on("exit", claim.release);
  process.on("SIGTERM", () => {
    if (verb === "hang") process.exit(0);
  });
  console.log("ready");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  return 0;
}

void act().then((status) => process.exit(status));
