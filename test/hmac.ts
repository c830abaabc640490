import { createHmac } from "node:crypto";

/** HMAC-MD5 as the programs have it from the system. */
export const hmacMd5 = (key: Uint8Array, octets: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac("md5", key).update(octets).digest());
