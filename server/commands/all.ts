// Commands that people give now and then, in a file of their own: the server at work does not hold it.
export { runCheck } from "./check.js";
export { runImport } from "./import.js";
export { runLeases } from "./leases.js";
export { runReconfigure } from "./reconfigure.js";
export { runRelease } from "./release.js";
export { runReload } from "./reload.js";
export { runShow } from "./show.js";
export { serverDetails } from "./status.js";
