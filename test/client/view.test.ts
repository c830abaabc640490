import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { millis, seconds } from "../../shared/brand.js";
import type { Duid } from "../../shared/duid.js";
import { emptyBinding } from "../../client/binding.js";
import { remember, type Remembered } from "../../client/remembered.js";
import { openView } from "../../client/serve-view.js";
import { renderView, type ViewFacts } from "../../client/view.js";
import { temporaryDirectory } from "../edge/workbench.js";
import { DIBBLER_CLIENT, readSample, sample } from "./former.js";
import { na, pd } from "./workbench.js";

/** When Debian's client wrote the samples. */
const facts = (seconds: number, isOver = false): ViewFacts => ({
  now: millis(seconds * 1000),
  indexOf: (name) => (name === "wan0" ? 2 : undefined),
  isOver,
});

/** A client that asks for an address and a prefix and has nothing. */
const asking = (duid: Duid, name = "wan0"): Remembered => ({
  duid,
  links: new Map([[name, remember([emptyBinding(na(1)), emptyBinding(pd(1))], { solMaxRt: seconds(3600) })]]),
});

describe("client view: to the letter what Debian's dibbler-client 1.0.1 writes", () => {
  test("with an address and a prefix", () => {
    const text = sample("dibbler-101");
    const { remembered } = readSample(text);
    expect(remembered && renderView(remembered, facts(1_795_923_148))).toBe(text);
  });

  test("while it asks", () => {
    const text = renderView(asking(DIBBLER_CLIENT), facts(1_795_923_146));
    expect(text).toBe(sample("dibbler-101-soliciting"));
  });

  test("when it has ended", () => {
    const text = renderView(asking(DIBBLER_CLIENT), facts(1_795_923_154, true));
    expect(text).toBe(sample("dibbler-101-stopped"));
  });

  test("what is remembered of an interface that is gone does not show: Dibbler would not start with it", () => {
    expect(renderView(asking(DIBBLER_CLIENT, "wan1"), facts(0))).not.toContain("wan1");
  });

  test("times of refused attempts: T1 is never beyond T2, never is 4294967295", () => {
    const { remembered } = readSample(sample("dibbler-101"));
    const late = (ia: object): never => Object.assign(ia, { renewAt: Infinity }) as never;
    const links = [...(remembered?.links ?? [])].map(
      ([name, link]) => [name, { ...link, ias: link.ias.map((ia) => late({ ...ia })) }] as const,
    );
    const text = renderView({ duid: DIBBLER_CLIENT, links: new Map(links) }, facts(0));
    expect(text).toContain('T1="1500" T2="1500"');
  });
});

describe("client view: the file", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A view of a text that the test sets. */
  function open(): {
    set: (text: string) => void;
    file: () => string;
    folder: string;
    failures: string[];
  } & ReturnType<typeof openView> {
    const folder = temporaryDirectory();
    const path = join(folder, "client-AddrMgr.xml");
    const failures: string[] = [];
    let text = "";
    const view = openView(
      path,
      (isOver) => (isOver ? `${text} over` : text),
      (it) => failures.push(it),
    );
    return {
      ...view,
      set(next) {
        text = next;
        view.changed();
      },
      file: () => readFileSync(path, "utf8"),
      folder,
      failures,
    };
  }

  test("a change is there at once, what follows within a second later, the last state of it", () => {
    const view = open();
    view.set("one");
    expect(view.file()).toBe("one");
    view.set("two");
    view.set("three");
    expect(view.file()).toBe("one");
    vi.advanceTimersByTime(1000);
    expect(view.file()).toBe("three");
    expect(statSync(join(view.folder, "client-AddrMgr.xml")).mode & 0o777).toBe(0o640);
    expect(readdirSync(view.folder)).toEqual(["client-AddrMgr.xml"]);
  });

  test("the same but for the time: not written again", () => {
    const view = open();
    view.set("<timestamp>1</timestamp>\nsame");
    vi.advanceTimersByTime(2000);
    view.set("<timestamp>2</timestamp>\nsame");
    expect(view.file()).toContain("<timestamp>1<");
  });

  test("at the end it is written once more, and nothing waits any more", () => {
    const view = open();
    view.set("one");
    view.set("two");
    view.close();
    expect(view.file()).toBe("two over");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("an end before anything was to be shown leaves what is there alone", () => {
    const view = open();
    view.close();
    expect(readdirSync(view.folder)).toEqual([]);
  });

  test("a directory that vanishes is told once", () => {
    const view = open();
    view.set("one");
    rmSync(view.folder, { recursive: true });
    for (const text of ["two", "three", "four"]) {
      view.set(text);
      vi.advanceTimersByTime(1000);
    }
    expect(view.failures).toEqual([expect.stringContaining("client-AddrMgr.xml")]);
  });
});
