import { afterAll, describe, expect } from "vitest";
import { openWorld, type World } from "./bed/world.js";
import { compareAnswers, listed, type OurMode, write } from "./compare/compare.js";
import { differences } from "./compare/differences.js";
import { generalIn } from "./compare/general.js";
import { scenes } from "./compare/scenes.js";
import { buildStage, play, type Scene, type Stage } from "./compare/stage.js";
import { scenario } from "./fixture.js";

const modes: readonly OurMode[] = ["ours", "ours, strict"];
const used = new Map(modes.map((mode) => [mode, new Set<string>()]));
let opened: Promise<{ readonly world: World; readonly stages: readonly Stage[] }> | undefined;

describe("e2e compare: Debian's dibbler-server and ours answer alike, but for what is listed with a reason", () => {
  afterAll(async () => {
    await (await opened)?.world.end();
  });

  for (const scene of scenes) {
    scenario("dibblerServer")(scene.name, async () => {
      const { stages } = await (opened ??= open());
      const [dibbler = [], ...variants] = await Promise.all(stages.map((stage) => play(stage, scene)));
      const texts = modes.map((mode, index) => {
        const found = scene.rows.map(({ what }, row) => {
          const answers = [dibbler[row] ?? [], variants[index]?.[row] ?? []] as const;
          return write(
            nameOf(scene, what),
            compareAnswers(...answers, generalIn(mode), used.get(mode) ?? new Set()),
          );
        });
        const expected = scene.rows.map(({ what }) => {
          const row = nameOf(scene, what);
          return write(row, listed(differences, row, mode));
        });
        return { mode, found, expected };
      });
      for (const { mode, found, expected } of texts)
        expect({ mode, found }).toEqual({ mode, found: expected });
    });
  }

  scenario("dibblerServer")("what is listed for all answers shows somewhere", () => {
    for (const mode of modes) {
      const names = [...(used.get(mode) ?? [])].sort();
      expect({ mode, names }).toEqual({
        mode,
        names: generalIn(mode)
          .map(({ what }) => what)
          .sort(),
      });
    }
  });

  scenario()("what is listed names rows that there are", () => {
    const rows = new Set(scenes.flatMap((scene) => scene.rows.map(({ what }) => nameOf(scene, what))));
    const all = differences.flatMap(({ where }) => [...where.keys()]);
    expect(all.filter((row) => !rows.has(row))).toEqual([]);
    expect(scenes.reduce((sum, scene) => sum + scene.rows.length, 0)).toBe(rows.size);
  });
});

const nameOf = ({ name }: Scene, what: string): string => `${name} > ${what}`;

async function open(): Promise<{ readonly world: World; readonly stages: readonly Stage[] }> {
  const world = await openWorld();
  const sides = ["dibbler", ...modes] as const;
  return { world, stages: await Promise.all(sides.map((side) => buildStage(world, side))) };
}
