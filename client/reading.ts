// Reads client.conf: the half of the program that is needed once. It is a bundle of its own, which Node lets
// go of afterwards.
export { parseClientConfig as parse } from "../shared/config/client-schema.js";
export { renderDiagnostic as render } from "../shared/config/diagnostics.js";
