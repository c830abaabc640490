import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Has V8 collect all that is garbage, at once; for who looks at the memory of this process. */
export const collectGarbage = runInNewContext("gc") as () => void;
