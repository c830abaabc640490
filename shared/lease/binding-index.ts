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

  const clientHashAt = (id: number): number => duidHashOf(places, hash, id);

  /** Its client has been entered. */
  function bindingHashAt(id: number): number {
    const { octets, view, at } = places.place(id);
    const iaid = view.getUint32(at + FIELD.iaid, true);
    return bindingHash(clients.hashOf(id), octets[at + FIELD.iaType] ?? 0, iaid);
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
      clients.insert(id, clientHashAt(id));
      bindings.insert(id, bindingHashAt(id));
    },
    insertAll(ids, limit) {
      clients.insertAll(ids, limit, clientHashAt);
      bindings.insertAll(ids, limit, bindingHashAt);
    },
    remove(id) {
      clients.remove(id);
      bindings.remove(id);
    },
  };
}

/** The hash of a binding, out of that of its DUID. */
function createBindingHash(hash: KeyedHash): (client: number, iaType: number, iaid: number) => number {
  const octets = new Uint8Array(8);
  return (client, iaType, iaid) => {
    const first = client ^ Math.imul(iaType, 0x9e3779b1);
    octets[0] = first;
    octets[1] = first >> 8;
    octets[2] = first >> 16;
    octets[3] = first >> 24;
    octets[4] = iaid;
    octets[5] = iaid >> 8;
    octets[6] = iaid >> 16;
    octets[7] = iaid >> 24;
    return hash(octets, 0, 8);
  };
}
