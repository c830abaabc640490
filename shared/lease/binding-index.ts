import type { Iaid } from "../brand.js";
import type { Duid } from "../duid.js";
import { type ChainIndex, chainFrom, createChainIndex, type Many, NONE } from "./chains.js";
import type { KeyedHash } from "../hash.js";
import { appended } from "../lists.js";
import type { IaType } from "./lease.js";
import type { Places } from "./places.js";
import { duidHashOf, hasBinding, hasDuid, sameBinding, sameClient } from "./record-keys.js";
import { FIELD, iaTypeNumber } from "./record-layout.js";

/** Finds records by whom they belong to. Insert a record once it is written, remove it before it changes. */
export interface BindingIndex {
  find(duid: Duid, iaType: IaType, iaid: Iaid): number[];
  ofClient(duid: Duid): number[];
  countOf(duid: Duid): number;
  insert(id: number): void;
  remove(id: number): void;
  /** Makes room for so many records. */
  reserve(count: number): void;
  /** Notes one of many that are to be inserted at once, once it is written. */
  announce(id: number): void;
  /** Inserts many at once, all of them announced. */
  insertAll(many: Many): void;
}

/**
 * Of a client with no more leases than this all are looked at for one binding. Only those of larger ones, of
 * which a network has a few or none, are in an index by binding as well.
 */
const FEW = 8;

/** An index over these places, empty: one chain for each client, one for each binding of large clients. */
export function createBindingIndex(places: Places, hash: KeyedHash, capacity: number): BindingIndex {
  const clients = createChainIndex((a, b) => sameClient(places, a, b), capacity);
  const bindings = createChainIndex((a, b) => sameBinding(places, a, b));
  const bindingHash = createBindingHash(hash);

  const headOf = (duid: Duid): number =>
    clients.first(hash(duid, 0, duid.length), (id) => hasDuid(places, id, duid));
  const sizeOf = (head: number): number => (head === NONE ? 0 : clients.count(head));
  const clientHashAt = (id: number): number => duidHashOf(places, hash, id);

  /** Its client has been entered. */
  function insertBinding(id: number): void {
    const { octets, view, at } = places.place(id);
    const iaid = view.getUint32(at + FIELD.iaid, true);
    bindings.insert(id, bindingHash(clients.hashOf(id), octets[at + FIELD.iaType] ?? 0, iaid));
  }

  return {
    find(duid, iaType, iaid) {
      const head = headOf(duid);
      const isIt = (id: number): boolean => hasBinding(places, id, duid, iaType, iaid);
      if (head === NONE) return [];
      if (sizeOf(head) <= FEW) return ofChain(clients, head, isIt);
      const key = bindingHash(clients.hashOf(head), iaTypeNumber(iaType), iaid);
      return chainFrom(bindings, bindings.first(key, isIt));
    },
    ofClient: (duid) => chainFrom(clients, headOf(duid)),
    countOf: (duid) => sizeOf(headOf(duid)),
    insert(id) {
      clients.insert(id, clientHashAt(id));
      const head = clients.headOf(id);
      const size = clients.count(head);
      if (size === FEW + 1) chainFrom(clients, head).forEach(insertBinding);
      else if (size > FEW) insertBinding(id);
    },
    reserve: clients.reserve,
    announce: (id) => {
      clients.announce(id, clientHashAt(id));
    },
    insertAll(many) {
      const others = clients.insertAll(many);
      const large = new Set(
        others.map((id) => clients.headOf(id)).filter((head) => clients.count(head) > FEW),
      );
      for (const head of large) chainFrom(clients, head).forEach(insertBinding);
    },
    remove(id) {
      const size = clients.count(clients.headOf(id));
      if (size > FEW) bindings.remove(id);
      clients.remove(id);
      if (size !== FEW + 1) return;
      for (const other of chainFrom(clients, clients.headOf(id))) bindings.remove(other);
    },
  };
}

/** Those of a chain that are meant: one as a rule. */
function ofChain(index: ChainIndex, head: number, isIt: (id: number) => boolean): number[] {
  let found: number[] | undefined;
  for (let id = head; id !== NONE; id = index.next(id)) if (isIt(id)) found = appended(found, id);
  return found ?? [];
}

/** The hash of a binding, out of that of its DUID. */
function createBindingHash(hash: KeyedHash): (client: number, iaType: number, iaid: number) => number {
  const octets = new Uint8Array(9);
  const view = new DataView(octets.buffer);
  return (client, iaType, iaid) => {
    view.setInt32(0, client);
    view.setUint32(4, iaid);
    octets[8] = iaType;
    return hash(octets, 0, octets.length);
  };
}
