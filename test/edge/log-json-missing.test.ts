import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { CATALOGUE } from "../../shared/catalogue.js";
import { createLog, defaultLogSettings } from "../../shared/edge/log.js";
import { isLogged } from "../log-lines.js";
import { temporaryDirectory } from "./workbench.js";

vi.mock("../../shared/edge/json-line.js", () => {
  throw new Error("Cannot find module './dibbler-json.cjs'");
});

it("log-mode json with its file missing -> said in text, and logged as text from then on", async () => {
  const file = `${temporaryDirectory()}/server.log`;
  const settings = defaultLogSettings("Server");
  const writer = createLog({ rows: CATALOGUE, file, console: false, settings });
  await writer.configure({ ...settings, mode: "json" });
  writer.log("PROGRAM-STOPPED");
  writer.close();
  expect(isLogged(readFileSync(file, "utf8"), "LOG-NO-JSON")).toBe(true);
  expect(isLogged(readFileSync(file, "utf8"), "PROGRAM-STOPPED")).toBe(true);
});
