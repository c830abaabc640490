import { parseClientConfig } from "../../shared/config/client-schema.js";
import { type Diagnostic, renderDiagnostic } from "../../shared/config/diagnostics.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import type { ClientConfig, ServerConfig } from "../../shared/config/types.js";

/** A class that can be served, for files that are about something else. */
export const PD_CLASS = "pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }";

/** The configuration, for texts that must be right; what is wrong with them makes the test fail. */
export function server(text: string): ServerConfig {
  const { config, diagnostics } = parseServerConfig(text);
  if (config === undefined) throw new Error(render(diagnostics, "server.conf", text));
  return config;
}

/** The first interface of the server. */
export function iface(text: string): ServerConfig["interfaces"][number] {
  const [first] = server(text).interfaces;
  if (first === undefined) throw new Error("no interface");
  return first;
}

/** The first pd-class of the first interface. */
export function pdClass(text: string): ServerConfig["interfaces"][number]["pdClasses"][number] {
  const [first] = iface(text).pdClasses;
  if (first === undefined) throw new Error("no pd-class");
  return first;
}

/** As `server`, for the client. */
export function client(text: string): ClientConfig {
  const { config, diagnostics } = parseClientConfig(text);
  if (config === undefined) throw new Error(render(diagnostics, "client.conf", text));
  return config;
}

/** The first interface of the client. */
export function clientIface(text: string): ClientConfig["interfaces"][number] {
  const [first] = client(text).interfaces;
  if (first === undefined) throw new Error("no interface");
  return first;
}

/** `line:column message` of every error. */
export function errors(role: "server" | "client", text: string): string[] {
  return said(role, text, "error");
}

/** `line:column message` of every warning. */
export function warnings(role: "server" | "client", text: string): string[] {
  return said(role, text, "warning");
}

/** Everything said about a text, as the programs print it. */
export function rendered(role: "server" | "client", text: string): string {
  const { diagnostics } = role === "server" ? parseServerConfig(text) : parseClientConfig(text);
  return render(diagnostics, `${role}.conf`, text);
}

function said(role: "server" | "client", text: string, severity: Diagnostic["severity"]): string[] {
  const { diagnostics } = role === "server" ? parseServerConfig(text) : parseClientConfig(text);
  return diagnostics
    .filter((diagnostic) => diagnostic.severity === severity)
    .map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function render(diagnostics: readonly Diagnostic[], file: string, text: string): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, { file, text })).join("\n");
}
