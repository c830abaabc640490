import { RKAP } from "./codes.js";
import type { Auth } from "./kinds-base.js";

/**
 * What RKAP puts into an Authentication option: the key in a Reply, the digest in a Reconfigure (RFC 8415
 * 20.4).
 */
export interface RkapInformation {
  readonly type: "key" | "digest";
  /** 16 octets. */
  readonly value: Uint8Array;
}

/**
 * The RKAP information of an Authentication option; `undefined` when it is of another protocol or malformed.
 */
export function rkapInformation(auth: Auth): RkapInformation | undefined {
  const { protocol, algorithm, rdm, information } = auth;
  if (protocol !== RKAP.protocol || algorithm !== RKAP.algorithm || rdm !== RKAP.rdm) return undefined;
  if (information.length !== 17) return undefined;
  const value = information.subarray(1);
  if (information[0] === RKAP.keyType) return { type: "key", value };
  return information[0] === RKAP.digestType ? { type: "digest", value } : undefined;
}

/**
 * An Authentication option of RKAP; `replay` are 8 octets that only ever grow, `value` 16 (RFC 8415 20.4.1).
 */
export function rkapAuth(replay: Uint8Array, { type, value }: RkapInformation): Auth {
  const code = type === "key" ? RKAP.keyType : RKAP.digestType;
  const information = Uint8Array.of(code, ...value);
  return { protocol: RKAP.protocol, algorithm: RKAP.algorithm, rdm: RKAP.rdm, replay, information };
}
