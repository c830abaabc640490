// Reads server.conf: a bundle of its own, which most commands do without. The server keeps it: a reload reads
// with what it was started with, whatever an upgrade has put in its place meanwhile.
export { parseServerConfig as parse } from "../shared/config/server-schema.js";
export { renderDiagnostic as render } from "../shared/config/diagnostics.js";
