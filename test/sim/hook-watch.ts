import type { ScriptRun } from "../../shared/edge/hook-process.js";
import type { ScriptWatch } from "./sim-script.js";
import type { World } from "./world.js";

/** Sees to it that scripts are called as promised: see `createHookWatch`. */
export interface HookWatch extends ScriptWatch {
  /** The program that runs the scripts is gone; what it ran has, or has not, done its work. */
  readonly onCrash: () => void;
  /** What is in place, as a script that follows the calls has it: the client's DUID by prefix. */
  readonly installed: () => ReadonlyMap<string, string>;
}

/** What a script knows of a prefix. */
interface Place {
  client: string | undefined;
  /** The server was killed or stopped since the last call: that call may be made again, others left out. */
  unsure: boolean;
}

/**
 * Follows the calls of the hook script of a server: no two about the same prefix at once; `add` before
 * `update` and `delete`, by the same client; exactly one `delete` after an `add`, before anybody's next one.
 * After a crash a call may have come already, or not at all.
 */
export function createHookWatch(world: World, name: string): HookWatch {
  const places = new Map<string, Place>();
  const running = new Map<string, ScriptRun>();
  let crashed = false;

  function placeOf(prefix: string): Place {
    const known = places.get(prefix);
    if (known !== undefined) return known;
    const place = { client: undefined, unsure: crashed };
    places.set(prefix, place);
    return place;
  }

  function follow(action: string, client: string, prefix: string, reason: string): void {
    const place = placeOf(prefix);
    const isFree = place.unsure || (reason === "start" && place.client === client);
    if (action === "delete") {
      if (place.client === undefined && !isFree)
        world.fail(`${name}: delete of ${prefix}, which is not there`);
      else if (place.client !== undefined && place.client !== client && !isFree)
        world.fail(`${name}: delete of ${prefix} for ${client}, it is ${place.client}'s`);
      place.client = undefined;
    } else {
      if (place.client !== undefined && place.client !== client && !isFree)
        world.fail(`${name}: ${action} of ${prefix} for ${client} without delete for ${place.client}`);
      if (action === "update" && place.client === undefined && !isFree)
        world.fail(`${name}: update of ${prefix}, which was not added`);
      place.client = client;
    }
    // Of a delete, an add and a delete that waited when the server was killed both deletes are owed.
    place.unsure &&= action === "delete";
  }

  return {
    starts(run) {
      const { action, variables } = run;
      const client = variables["CLNT_DUID"] ?? "";
      const told = prefixesIn(variables);
      const texts = told.map(({ prefix, valid }) => `${prefix}${valid === "0" ? " (gone)" : ""}`).join(" ");
      world.note(`${name} script ${action} ${texts} ${client} ${variables["REASON"] ?? ""}`);
      for (const { prefix, valid } of told) {
        if (running.has(prefix)) world.fail(`${name}: two scripts about ${prefix} at once`);
        running.set(prefix, run);
        if (action === "delete" || valid !== "0") follow(action, client, prefix, variables["REASON"] ?? "");
      }
    },
    ends(run) {
      for (const [prefix, other] of running) if (other === run) running.delete(prefix);
    },
    onCrash() {
      running.clear();
      crashed = true;
      for (const place of places.values()) place.unsure = true;
    },
    installed: () =>
      new Map(
        [...places].flatMap(([prefix, { client }]) => (client === undefined ? [] : [[prefix, client]])),
      ),
  };
}

function prefixesIn(
  variables: ScriptRun["variables"],
): { readonly prefix: string; readonly valid: string }[] {
  const told = [];
  for (let n = 1; variables[`PREFIX${n}`] !== undefined; n++) {
    const prefix = `${variables[`PREFIX${n}`] ?? ""}/${variables[`PREFIX${n}LEN`] ?? ""}`;
    told.push({ prefix, valid: variables[`PREFIX${n}VALID`] ?? "" });
  }
  return told;
}
