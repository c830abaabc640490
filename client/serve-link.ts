import type { ClientInterface } from "../shared/config/types.js";
import type { Clock } from "../shared/edge/clock.js";
import { sentenceOf } from "../shared/edge/errors.js";
import type { Glance, Watch } from "../shared/edge/glance.js";
import type { Log } from "../shared/edge/log.js";
import type { Place } from "../shared/edge/place.js";
import type { UdpSocket } from "../shared/edge/udp.js";

/** What it takes to look after the place of one interface. */
export interface LinkSystem {
  readonly clock: Clock;
  readonly log: Log;
  /** Rejects with the reason why it cannot be used (yet); waits so long for one that is coming. */
  readonly findPlace: (wanted: ClientInterface, patienceMs?: number) => Promise<Place>;
  readonly glanceAt: (place: Place) => Glance;
  /** Tells cheaply whether a glance may show something new. */
  readonly watchPlace: (place: Place) => Watch;
}

/** A socket on the place that the interface has now, replaced when it gets another one. */
export interface LinkSocket {
  readonly send: UdpSocket["send"];
  readonly close: () => Promise<void>;
}

/** What the keeper of a link is given. */
export interface LinkParts {
  readonly wanted: ClientInterface;
  readonly place: Place;
  readonly open: (place: Place) => Promise<UdpSocket>;
  /** The interface is there again, perhaps with another index, perhaps on another link. */
  readonly onLink: (interfaceIndex: number) => void;
}

/** How often to look at an interface: like Dibbler's inactive-mode, more often while it is lost. */
const LOOK_MS = { usable: 3000, lost: 1000 } as const;
/** Nobody looked for so much longer: the machine slept, and may have been carried somewhere else. */
const SLEPT_MS = 30_000;

/**
 * Opens the socket and looks after it: an interface that is taken away and made again, gets another index, or
 * loses the bound address, is waited for and used again; `onLink` hears of it, and of a carrier that was lost
 * and came back. Rejects when the socket cannot be opened the first time.
 */
export async function keepLink(system: LinkSystem, parts: LinkParts): Promise<LinkSocket> {
  const { clock, log, findPlace, glanceAt, watchPlace } = system;
  const { wanted, open, onLink } = parts;
  let isOver = false;
  const isEnding = (): boolean => isOver;
  let timer: NodeJS.Timeout | undefined;
  let place = parts.place;
  let socket = await open(place);
  let isLost = false;
  let placeWatch = watchPlace(place);
  let { carrier } = glanceAt(place);
  let said = "";
  let lookedAt = clock.now();

  /** A bare timer: hundreds of idle clients hold what each look leaves on the heap. */
  function schedule(): void {
    lookedAt = clock.now();
    if (!isOver) timer = setTimeout(look, waitMs());
  }
  const waitMs = (): number => (isLost ? LOOK_MS.lost : LOOK_MS.usable);

  function look(): void {
    const slept = clock.now() - lookedAt > waitMs() + SLEPT_MS;
    if (isLost) void recover().then(schedule);
    else if (!placeWatch.hasStirred() && !slept) schedule();
    else void inspect(slept).then(schedule);
  }

  async function inspect(slept: boolean): Promise<void> {
    const seen = glanceAt(place);
    if (!seen.usable) {
      isLost = true;
      await recover();
      return;
    }
    const isBack = seen.linked && (seen.carrier !== carrier || slept);
    if (!isBack) return;
    carrier = seen.carrier;
    onLink(place.index);
  }

  async function recover(): Promise<void> {
    try {
      place = await findPlace(wanted, 0);
      // Until here the old one stays: Neutron takes the address away just before it stops us, and the kernel
      // lets the Release leave all the same.
      await socket.close();
      if (isEnding()) return;
      socket = await open(place);
      if (isEnding()) await socket.close();
      if (isEnding()) return;
      isLost = false;
      said = "";
      placeWatch.close();
      placeWatch = watchPlace(place);
      ({ carrier } = glanceAt(place));
      onLink(place.index);
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence !== said) log("CLIENT-LINK-LOST", { interface: place.name, sentence });
      said = sentence;
    }
  }

  schedule();
  return {
    send: (bytes, to, port) => {
      socket.send(bytes, to, port);
    },
    async close() {
      isOver = true;
      clearTimeout(timer);
      placeWatch.close();
      await socket.close();
    },
  };
}
