import { expect, onTestFinished, test, type TestAPI } from "vitest";
import type { CapturedPacket } from "./bed/capture.js";
import { checkFooting } from "./bed/namespaces.js";
import { findPeer, type Peer, peersRequired } from "./bed/peers.js";
import type { Result } from "./bed/process.js";
import { reportWorld } from "./bed/report.js";
import { openWorld, type World, type WorldOptions } from "./bed/world.js";

const { ok: canOpenWorlds } = await checkFooting();

/**
 * `test` for a scenario: left out where namespaces or one of the named peers are not to be had (the global
 * set-up says so, once), unless DIBBLER_REQUIRE_PEERS=1 makes that a failure.
 */
export function scenario(...needs: readonly Peer[]): ReturnType<TestAPI["runIf"]> {
  const here = canOpenWorlds && needs.every((peer) => findPeer(peer) !== undefined);
  return test.runIf(here || peersRequired);
}

/**
 * A world for the running test: ended with it however that goes, and described on the console when it fails.
 * Tests that run side by side name themselves by the `onTestFinished` of their context.
 */
export async function testWorld(options?: WorldOptions, finished = onTestFinished): Promise<World> {
  const world = await openWorld(options);
  finished(async ({ task }) => {
    if (task.result?.state === "fail") console.error(await reportWorld(world));
    await world.end();
  });
  return world;
}

/**
 * A refusal as people should get it: exit status 1 and one line on stderr with all of these words, no stack
 * trace.
 */
export function expectRefusal({ status, stderr }: Result, words: readonly string[]): void {
  expect(stderr.trim().split("\n")).toHaveLength(1);
  for (const word of words) expect(stderr).toContain(word);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+|Error:/);
  expect(status).toBe(1);
}

/** Every packet sent from one of the addresses is free of complaints by tshark, and there is at least one. */
export function expectWellFormed(packets: readonly CapturedPacket[], senders: readonly string[]): void {
  const sent = packets.filter(({ source }) => senders.includes(source));
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.filter(({ complaints }) => complaints.length > 0)).toEqual([]);
}
