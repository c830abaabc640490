import { because, type Reason } from "./compare.js";

/** Which prefix it is, and its times. */
export const inAllocation: readonly Reason[] = [
  because(
    "decision 1: T1 and T2 are the server's, half and four fifths of the preferred lifetime, within the ranges (RFC 8415 21.21)",
    `
lifetimes within ranges > S-CFG-54: T1 and T2 of 0
  1 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 3600/7200, status 0
    ours: T1 1800 T2 2880, P1/56 of pool 1 3600/7200, status 0
lifetimes within ranges > S-CFG-54: T1 and T2 within the ranges
  1 pd 1
    Dibbler: T1 1500 T2 2500, P1/56 of pool 1 3600/7200, status 0
    ours: T1 1800 T2 2880, P1/56 of pool 1 3600/7200, status 0
lifetimes within ranges > S-CFG-54: T1 and T2 beyond the ranges
  1 pd 1
    Dibbler: T1 2000 T2 3000, P1/56 of pool 1 3600/7200, status 0
    ours: T1 1800 T2 2880, P1/56 of pool 1 3600/7200, status 0
lifetimes within ranges > S-CFG-54: lifetimes within the ranges
  1 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 3000/5000, status 0
    ours: T1 1500 T2 2400, P1/56 of pool 1 3000/5000, status 0
lifetimes within ranges > S-CFG-54: lifetimes below the ranges
  1 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 2000/4000, status 0
    ours: T1 1000 T2 1600, P1/56 of pool 1 2000/4000, status 0
lifetimes within ranges > S-CFG-54: lifetimes beyond the ranges
  1 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 3600/7200, status 0
    ours: T1 1800 T2 2880, P1/56 of pool 1 3600/7200, status 0
lifetimes without configuration > S-CFG-54: T1 and T2 of 0
  1 pd 1
    Dibbler: T1 5 T2 10, P1/56 of pool 1 86400/172800, status 0
    ours: T1 3600 T2 5400, P1/56 of pool 1 86400/172800, status 0
lifetimes without configuration > S-CFG-54: T1 and T2 within the ranges
  1 pd 1
    Dibbler: T1 1500 T2 2500, P1/56 of pool 1 86400/172800, status 0
    ours: T1 3600 T2 5400, P1/56 of pool 1 86400/172800, status 0
lifetimes without configuration > S-CFG-54: lifetimes within the ranges
  1 pd 1
    Dibbler: T1 5 T2 10, P1/56 of pool 1 7200/10800, status 0
    ours: T1 3600 T2 5400, P1/56 of pool 1 7200/10800, status 0
lifetimes without configuration > S-CFG-54: lifetimes below the ranges
  1 pd 1
    Dibbler: T1 5 T2 10, P1/56 of pool 1 7200/10800, status 0
    ours: T1 3600 T2 5400, P1/56 of pool 1 7200/10800, status 0
lifetimes without configuration > S-CFG-54: lifetimes beyond the ranges
  1 pd 1
    Dibbler: T1 5 T2 10, P1/56 of pool 1 9999/99999, status 0
    ours: T1 3600 T2 5400, P1/56 of pool 1 9999/99999, status 0
`,
    "ours",
  ),
  because(
    "decisions 1 and 2: a lifetime of 0 is no wish",
    `
lifetimes within ranges > S-CFG-54: lifetimes 0/0
  1 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 2000/4000, status 0
    ours: T1 1800 T2 2880, P1/56 of pool 1 3600/7200, status 0
lifetimes without configuration > S-CFG-54: lifetimes 0/0
  1 pd 1
    Dibbler: T1 5 T2 10, P1/56 of pool 1 7200/10800, status 0
    ours: T1 3600 T2 5400, P1/56 of pool 1 86400/172800, status 0
`,
    "ours",
  ),
  because(
    "decisions 1 and 2: a Renew may wish for more, never for less than what is held",
    `
lifetimes within ranges > S-MSG-40: Renew with shorter wishes than those of the Request, then with longer ones
  1 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 3000/5000, status 0
    ours: T1 1500 T2 2400, P1/56 of pool 1 3000/5000, status 0
  2 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 3000/5000, status 0
    ours: T1 1500 T2 2400, P1/56 of pool 1 3000/5000, status 0
  3 pd 1
    Dibbler: T1 1000 T2 1500, P1/56 of pool 1 3000/5000, status 0
    ours: T1 1750 T2 2800, P1/56 of pool 1 3500/6000, status 0
`,
    "ours",
  ),
  because(
    "S-PD-11, decision 4: the whole pool is delegated",
    `
a small pool > S-PD-11: five IA_PDs, four prefixes
  1 pd 2
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P2/56 of pool 1 3000/4000, status 0
  1 pd 3
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P3/56 of pool 1 3000/4000, status 0
  1 pd 4
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P4/56 of pool 1 3000/4000, status 0
`,
  ),
  because(
    "S-PD-9, S-PD-11, decisions 4 and 6: the whole pool is delegated, then the next class",
    `
a small pool before a large one > S-PD-11: five IA_PDs, four prefixes
  1 pd 2
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P2/56 of pool 1 3000/4000, status 0
  1 pd 3
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P3/56 of pool 1 3000/4000, status 0
  1 pd 4
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P4/56 of pool 1 3000/4000, status 0
  1 pd 5
    Dibbler: T1 0 T2 0, status 6
    ours: T1 1000 T2 2000, P5/56 of pool 2 3000/4000, status 0
  3 pd 5
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
    ours: T1 1000 T2 2000, P5/56 of pool 2 3000/4000, status 0
`,
  ),
  because(
    "S-PD-16, decision 5: one prefix out of each pool, in Advertise and Reply alike",
    `
several pools in a class > S-PD-16: Request of what was offered
  2 pd 1
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, P2/56 of pool 2 3000/4000, status 0
several pools in a class > S-PD-6: a hint into the second pool
  1 pd 1
    Dibbler: T1 1000 T2 2000, 3fff:11:2000:4400::/56 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, 3fff:11:2000:4400::/56 3000/4000, status 0
`,
  ),
  because(
    "RFC 8168 3.2: of several classes the one with the length that is asked for",
    `
two classes > S-PD-15: a length of the second class
  1 pd 1
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/60 of pool 2 3000/4000, status 0
`,
  ),
  because(
    "S-CFG-76: a reserved prefix is delegated once",
    `
reservations > S-CFG-76: a second IA_PD of who has a reservation
  1 pd 2
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
    ours: T1 1000 T2 2000, P2/56 of pool 1 3000/4000, status 0
`,
  ),
  because(
    "RFC 8415 18.3.4: Renew of what is not bound: NoBinding, whatever the server has to give",
    `
no pd-class > S-ST-5: IA_PD
  3 pd 1
    Dibbler: T1 0 T2 0, status 6
    ours: T1 0 T2 0, status 3
`,
  ),
];
