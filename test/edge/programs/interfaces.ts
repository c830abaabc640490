// Prints what shared/edge tells about the interfaces here, as JSON; with arguments NAME [ADDRESS [MS]] it
// waits for an address on NAME and prints that, or the code and sentence of the error.
import { SystemError } from "../../../shared/edge/errors.js";
import { readInterfaces } from "../../../shared/edge/interfaces.js";
import { waitForLinkLocal } from "../../../shared/edge/link-local.js";
import { formatIp6, parseIp6 } from "../../../shared/prefix.js";

const [name, address, ms = "3000"] = process.argv.slice(2);

async function answer(): Promise<unknown> {
  if (name === undefined) {
    return readInterfaces().map((it) => ({
      ...it,
      mac: Buffer.from(it.mac).toString("hex"),
      addresses: it.addresses.map((row) => formatIp6(row.address)),
    }));
  }
  const start = performance.now();
  try {
    const found = await waitForLinkLocal(name, parseIp6(address ?? ""), Number(ms));
    return { address: formatIp6(found), ms: performance.now() - start };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { code: error.code, sentence: error.message, ms: performance.now() - start };
  }
}

void answer().then((value) => {
  console.log(JSON.stringify(value));
});
