import type { Iaid } from "../brand.js";
import type { Duid } from "../duid.js";
import { chainFrom, createChainIndex, NONE } from "./chains.js";
import type { KeyedHash } from "../hash.js";
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
  /** Inserts many at once, all below `limit`. */
  insertAll(ids: Int32Array, limit: number): void;
}

/** An index over these places, empty: one chain for each client, one for each binding. */
export function createBindingIndex(places: Places, hash: KeyedHash, capacity: number): BindingIndex {
  const clients = createChainIndex((a, b) => sameClient(places, a, b), capacity);
  const bindings = createChainIndex((a, b) => sameBinding(places, a, b), capacity);
  const bindingHash = createBindingHash(hash);

  const headOf = (duid: Duid): number =>
    clients.first(hash(duid, 0, duid.length), (id) => hasDuid(places, id, duid));

  function insertClient(id: number): void {
    clients.insert(id, duidHashOf(places, hash, id));
  }

  function insertBinding(id: number): void {
    const { octets, view, at } = places.place(id);
    const iaid = view.getUint32(at + FIELD.iaid, true);
    bindings.insert(id, bindingHash(clients.hashOf(id), octets[at + FIELD.iaType] ?? 0, iaid));
  }

  return {
    find(duid, iaType, iaid) {
      const key = bindingHash(hash(duid, 0, duid.length), iaTypeNumber(iaType), iaid);
      const head = bindings.first(key, (id) => hasBinding(places, id, duid, iaType, iaid));
      return chainFrom(bindings, head);
    },
    ofClient: (duid) => chainFrom(clients, headOf(duid)),
    countOf(duid) {
      const head = headOf(duid);
      return head === NONE ? 0 : clients.count(head);
    },
    insert(id) {
      insertClient(id);
      insertBinding(id);
    },
    insertAll(ids, limit) {
      clients.reserve(limit);
      bindings.reserve(limit);
      // One index after the other: the processor's caches hold one, and not both.
      ids.forEach(insertClient);
      ids.forEach(insertBinding);
    },
    remove(id) {
      clients.remove(id);
      bindings.remove(id);
    },
  };
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
