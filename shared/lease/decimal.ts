/**
 * A whole number of up to 64 bits, reduced to 32: Dibbler writes 4195761665 as 4195761665, -99205631 or,
 * after a restart, as 18446744073610345985. `undefined` for anything else.
 */
export function parseU32(text: string): number | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  return text.length < 10 ? Number(text) >>> 0 : Number(BigInt.asUintN(32, BigInt(text)));
}
