import { createLineReader, type EndOrder, orderLine, type ScriptOrder } from "./hook-orders.js";
import { createScriptRunner } from "./hook-process.js";

// The helper: a process that has little memory and starts the scripts of one that has much, see
// `createHookHelper`. Orders come in on standard input; it ends with that, so also when the server is killed.

serveOrders();

function serveOrders(): void {
  const { stdin, stdout } = process;
  const scripts = createScriptRunner(".");
  const end = (): never => process.exit(0);
  // A terminal and systemd mean the server, which still has scripts to run while it stops.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  const read = createLineReader<ScriptOrder | EndOrder>((order) => {
    if ("end" in order) {
      scripts.end();
      return;
    }
    const { id, run } = order;
    void scripts.run(run).then((outcome) => stdout.write(orderLine({ id, outcome })));
  });
  stdin.setEncoding("utf8");
  stdin.on("data", (piece: string) => {
    read(piece);
  });
  for (const event of ["end", "error", "close"]) stdin.on(event, end);
  stdout.on("error", end);
  // The sign that it works.
  stdout.write("\n");
}
