// Reads server.conf, at a start and a reload. It is a bundle of its own, which Node lets go of afterwards.
export { parseServerConfig as parse } from "../shared/config/server-schema.js";
export { renderDiagnostic as render } from "../shared/config/diagnostics.js";
