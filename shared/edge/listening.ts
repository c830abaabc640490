import { asIp6 } from "../log-form.js";
import { type Ip6, sameIp6 } from "../prefix.js";
import type { Arrival } from "./arrivals.js";
import { pause } from "./clock.js";
import { sentenceOf } from "./errors.js";
import type { AddressRow } from "./interface-tables.js";
import { findInterface, readAddresses } from "./interfaces.js";
import type { Log } from "./log.js";
import { findPlace, type Place } from "./place.js";
import {
  closeAll,
  isFitted,
  type Open,
  openOn,
  type Refit,
  refit,
  socketTowards,
  type Station,
  type StationParts,
} from "./station.js";
import type { UdpSocket } from "./udp.js";

/** How often to look what has become of the interfaces. */
const LOOK_MS = 1000;
/** How long sockets that are not needed any more stay, for Replies that are still being stored. */
const LINGER_MS = 1000;

/** What listening is made of. */
export interface ListeningParts extends StationParts {
  readonly log: Log;
  /**
   * An interface can be served that could not be a moment ago: it has appeared, come back, or come up again.
   */
  readonly onReady: (place: Place) => void;
}

/** Interfaces that are to be served: of each its name if that is known, and what is open there. */
interface Watched {
  readonly arrival: Arrival;
  name: string | undefined;
  station: Station | undefined;
  /** Its addresses went away with its link, while the sockets live on. */
  isDown: boolean;
  /** Why it is not served, as it was said last. */
  said: string;
}

/** Hears of the interfaces that can be served, and their indexes. */
export type Adopt = (places: ReadonlyMap<string, number>) => void;

/** The server's sockets on the interfaces of its configuration, however these come and go. */
export interface Listening {
  /**
   * Serves these from now on. All sockets that they need are opened first; then what is not needed any more
   * is left, and `adopt` is told the interfaces that can be served and their indexes. An interface that
   * cannot be served rejects with a SystemError and leaves everything as it was, or is waited for when it
   * `mayWait`: Dibbler's inactive-mode, for interfaces known by name.
   */
  readonly serve: (arrivals: readonly Arrival[], mayWait: boolean, adopt: Adopt) => Promise<void>;
  /** The socket to answer an address from on an interface. */
  readonly socketFor: (interfaceName: string, to: Ip6) => UdpSocket | undefined;
  /** Interfaces that ought to be served and cannot be now, by name or number. */
  readonly absent: () => readonly string[];
  /** Looks after the interfaces from now on. */
  readonly watch: () => void;
  /** Leaves everything as it is from now on, and ends conversations about Leasequery. */
  readonly rest: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Nothing is open at first. */
export function createListening(parts: ListeningParts): Listening {
  let watched: readonly Watched[] = [];
  /** The stations of `watched` by interface, for every Reply. */
  const serving = new Map<string, Station>();
  const ending = new AbortController();
  const lingering = new Set<Promise<void>>();
  let busy: Promise<void> = Promise.resolve();

  /** One change at a time: two would open the same socket twice. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = busy.then(work);
    busy = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  function retire(surplus: readonly Open[]): void {
    if (surplus.length === 0) return;
    const done = pause(LINGER_MS, ending.signal)
      .then(() => closeAll(surplus))
      .finally(() => lingering.delete(done));
    lingering.add(done);
  }

  function setStation(one: Watched, station: Station): void {
    one.name = station.place.name;
    one.station = station;
    serving.set(station.place.name, station);
  }

  async function serve(arrivals: readonly Arrival[], mayWait: boolean, adopt: Adopt): Promise<void> {
    const refits: Refit[] = [];
    const next: Watched[] = [];
    try {
      for (const arrival of arrivals) {
        const known = watched.find((one) => isSame(one, arrival));
        const one = await prepare(arrival, known, mayWait);
        if (one.refit !== undefined) refits.push(one.refit);
        next.push(one.watched);
      }
    } catch (error) {
      await Promise.all(refits.map((one) => one.abandon()));
      throw error;
    }
    replace(next, refits);
    adopt(placesOf(next));
  }

  async function prepare(
    arrival: Arrival,
    known: Watched | undefined,
    mayWait: boolean,
  ): Promise<{ readonly watched: Watched; readonly refit: Refit | undefined }> {
    try {
      const place = known?.station?.place ?? (await findPlace(arrival.selector));
      const made = await refit(parts, known?.station, { place, arrival }, readAddresses());
      const { isDown } = known ?? { isDown: false };
      return {
        refit: made,
        watched: { arrival, name: place.name, station: made.next, isDown, said: "" },
      };
    } catch (error) {
      if (!mayWait || !("name" in arrival.selector)) throw error;
      const waiting = {
        arrival,
        name: arrival.selector.name,
        station: undefined,
        isDown: false,
        said: known?.said ?? "",
      };
      sayWaiting(waiting, error);
      return { refit: undefined, watched: waiting };
    }
  }

  function replace(next: readonly Watched[], refits: readonly Refit[]): void {
    const before = [...serving.values()];
    watched = next;
    serving.clear();
    for (const { station } of next) if (station !== undefined) serving.set(station.place.name, station);
    for (const { surplus } of refits) retire(surplus);
    for (const station of before.filter(({ place }) => !next.some(({ name }) => name === place.name))) {
      parts.site.leave(station.place.name);
      retire(openOn(station));
    }
    for (const station of serving.values())
      if (!before.some(({ place }) => place.name === station.place.name)) sayListening(station);
  }

  async function keepLooking(): Promise<void> {
    const isEnding = (): boolean => ending.signal.aborted;
    while (!isEnding()) {
      await pause(LOOK_MS, ending.signal);
      if (!isEnding()) await inTurn(look);
    }
  }

  async function look(): Promise<void> {
    const rows = readAddresses();
    for (const one of watched) {
      try {
        if (one.station === undefined) await appear(one);
        else await follow(one, one.station, rows);
      } catch (error) {
        sayWaiting(one, error);
      }
    }
  }

  /** An interface that is not served: is it there now? */
  async function appear(one: Watched): Promise<void> {
    const selector = one.name === undefined ? one.arrival.selector : { name: one.name };
    const place = await findPlace(selector, undefined, 0);
    const { next } = await refit(parts, undefined, { place, arrival: one.arrival }, readAddresses());
    setStation(one, next);
    one.said = "";
    sayListening(next);
    parts.onReady(place);
  }

  /** An interface that is served: is it still the same, with the same addresses? */
  async function follow(one: Watched, station: Station, rows: readonly AddressRow[]): Promise<void> {
    const { name, index, address } = station.place;
    const own = rows.filter((row) => row.name === name);
    if ((own[0]?.index ?? indexOf(name)) !== index) {
      await lose(one, station);
      return;
    }
    const usable = own.filter((row) => row.linkLocal && !row.tentative && !row.dadFailed);
    const kept = usable.find((row) => sameIp6(row.address, address)) ?? usable[0];
    if (kept === undefined) {
      // The link is down, or up again and still detecting duplicates: the sockets outlive that.
      one.isDown ||= !own.some((row) => row.linkLocal);
      return;
    }
    const place = { name, index, address: kept.address };
    if (!isFitted({ ...station, place }, rows)) {
      await station.bulk?.listener.close();
      const { next, surplus } = await refit(
        parts,
        { ...station, bulk: undefined },
        { place, arrival: one.arrival },
        rows,
      );
      setStation(one, next);
      retire(surplus);
      if (!sameIp6(kept.address, address)) sayListening(next);
    }
    one.said = "";
    if (!one.isDown) return;
    one.isDown = false;
    parts.onReady(place);
  }

  async function lose(one: Watched, station: Station): Promise<void> {
    one.station = undefined;
    one.isDown = false;
    serving.delete(station.place.name);
    parts.site.leave(station.place.name);
    parts.log("SERVER-INTERFACE-GONE", { interface: station.place.name, index: station.place.index });
    await closeAll(openOn(station));
  }

  function sayWaiting(one: Watched, error: unknown): void {
    const sentence = sentenceOf(error);
    if (sentence !== one.said) parts.log("SERVER-WAITING", { sentence });
    one.said = sentence;
  }

  function sayListening({ place, sockets }: Station): void {
    const octets = Math.min(...[...sockets.values()].map(({ receiveBufferBytes }) => receiveBufferBytes));
    parts.log("SERVER-LISTENING", {
      interface: place.name,
      address: asIp6(place.address),
      octets,
    });
  }

  return {
    serve: (arrivals, mayWait, adopt) => inTurn(() => serve(arrivals, mayWait, adopt)),
    socketFor(interfaceName, to) {
      const station = serving.get(interfaceName);
      return station && socketTowards(station, to);
    },
    absent: () =>
      watched
        .filter(({ station, isDown }) => station === undefined || isDown)
        .map(
          ({ name, arrival: { selector } }) =>
            name ?? ("name" in selector ? selector.name : `${selector.index}`),
        ),
    watch() {
      void keepLooking();
    },
    async rest() {
      ending.abort();
      await busy;
      await Promise.all(lingering);
      await closeAll([...serving.values()].flatMap(({ bulk }) => bulk?.listener ?? []));
    },
    async close() {
      await closeAll([...serving.values()].flatMap(openOn));
      await parts.site.close();
    },
  };
}

function isSame({ name, station }: Watched, { selector }: Arrival): boolean {
  return "name" in selector ? selector.name === name : selector.index === station?.place.index;
}

function placesOf(watched: readonly Watched[]): ReadonlyMap<string, number> {
  const places = watched.flatMap(({ station }) => (station === undefined ? [] : [station.place]));
  return new Map(places.map(({ name, index }) => [name, index]));
}

/** `undefined` when there is no such interface. */
function indexOf(name: string): number | undefined {
  try {
    return findInterface({ name }).index;
  } catch {
    return undefined;
  }
}
