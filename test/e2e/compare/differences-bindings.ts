import { because, type Reason } from "./compare.js";

/** What becomes of messages. */
export const inBindings: readonly Reason[] = [
  because(
    "S-MSG-25, decision 3: a Solicit changes no lease",
    `
one pool > S-MSG-25: Solicit of a client that has a lease, then Renew
  3 pd 1
    Dibbler: T1 0 T2 0, status 3
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
`,
  ),
  because(
    "decision 3: an offer is held for its client, and not made to another",
    `
one pool > S-PD-7: a hint that is offered to another
  2 pd 1
    Dibbler: T1 1000 T2 2000, 3fff:1:1000:1400::/56 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
one pool > S-PD-5: a hint that is not in the pool
  2 pd 1
    Dibbler: T1 1000 T2 2000, P2/56 of pool 1 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
`,
  ),
  because(
    "S-PD-7: what takes the place of a hint that is another's has no host bits and overlaps nothing",
    `
one pool > S-PD-7: a hint that is another's
  2 pd 1
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 with host bits 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
`,
  ),
  because(
    "S-PD-7: what takes the place of a hint that is another's has no host bits and overlaps nothing",
    `
unicast > S-CFG-33: a lease, then unicast to the address that is offered, from a global address
  4 pd 2
    Dibbler: T1 1000 T2 2000, P2/56 of pool 1 with host bits 3000/4000, status 0
    ours: T1 1000 T2 2000, P2/56 of pool 1 3000/4000, status 0
`,
    "ours, strict",
  ),
  because(
    "S-PD-7: the last prefix of a client, which Dibbler takes for a hint, is another IA's",
    `
one pool > S-CFG-90: IA_NA and IA_TA where there are no addresses
  4 pd 2
    Dibbler: T1 1000 T2 2000, P2/56 of pool 1 with host bits 3000/4000, status 0
    ours: T1 1000 T2 2000, P2/56 of pool 1 3000/4000, status 0
`,
  ),
  because(
    "decision 7: a client keeps its prefix although the server lost its state",
    `
one pool > S-MSG-50: Rebind of an unknown client, in the pool
  1 pd 1
    Dibbler: T1 0 T2 0
    ours: T1 1000 T2 2000, 3fff:1:1000:200::/56 3000/4000
addresses beside prefixes > S-MSG-51: Rebind of an address that nobody knows
  1 answer
    Dibbler: none
    ours: reply
`,
  ),
  because(
    "decision 7: a client keeps its prefix although the server lost its state",
    `
one pool > S-PD-20: three IA_PDs in one message
  5 pd 1
    Dibbler: T1 0 T2 0, status 3
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
one pool > S-MSG-41: Renew of an unknown client, in the pool
  1 pd 1
    Dibbler: T1 0 T2 0, status 3
    ours: T1 1000 T2 2000, 3fff:1:1000:100::/56 3000/4000, status 0
addresses beside prefixes > Renew of an address that nobody knows
  1 na 1
    Dibbler: T1 2147483647 T2 2147483647, status 3
    ours: T1 1000 T2 2000, 2001:db8:5::7:106/128 3000/4000, status 0
`,
    "ours",
  ),
  because(
    "RFC 8415 18.3.4: an IA that names nothing gets a lease with the Renew",
    `
one pool > S-MSG-41: Renew of an unknown client that names nothing
  1 pd 1
    Dibbler: T1 0 T2 0, status 3
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
`,
    "ours",
  ),
  because(
    "RFC 8415 18.3.4: what a Renew names and does not have is not to be used on",
    `
one pool > S-MSG-40: Renew that names another prefix of the pool
  2 pd 1
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, 3fff:1:1000:5500::/56 0/0, status 0
`,
    "ours",
  ),
  because(
    "S-MSG-50: Rebind of prefixes works; Success needs no Status Code (RFC 8415 21.13)",
    `
one pool > S-MSG-50: Rebind of what is known
  2 pd 1
    Dibbler: T1 0 T2 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000
addresses beside prefixes > S-PD-21: IA_NA beside IA_PD through a lease's life
  4 na 1
    Dibbler: T1 1000 T2 2000, P1/128 of pool 2 3000/4000, status 0
    ours: T1 1000 T2 2000, P1/128 of pool 2 3000/4000
  4 pd 1
    Dibbler: T1 0 T2 0
    ours: T1 1000 T2 2000, P2/56 of pool 1 3000/4000
relays > S-REL-5: Information-request, Rebind, Confirm
  3 pd 1
    Dibbler: T1 0 T2 0
    ours: T1 1000 T2 2000, P1/56 of pool 2 3000/4000
`,
  ),
  because(
    "S-MSG-50: Rebind of prefixes works; Success needs no Status Code (RFC 8415 21.13)",
    `
one pool > S-MSG-3: Rebind with a Server Identifier
  2 pd 1
    Dibbler: T1 0 T2 0
    ours: T1 1000 T2 2000, P1/56 of pool 1 3000/4000
`,
    "ours, strict",
  ),
  because(
    "decision 7: silence for what may be another server's",
    `
one pool > S-MSG-50: Rebind of an unknown client, off-pool
  1 answer
    Dibbler: reply
    ours: none
`,
  ),
  because(
    "S-MSG-70: a Release is always answered, with NoBinding for what is not known (RFC 8415 18.3.7)",
    `
one pool > S-MSG-71: Release, and again, and Request: the same prefix
  3 answer
    Dibbler: none
    ours: reply
one pool > S-MSG-70: Release of an unknown client
  1 answer
    Dibbler: none
    ours: reply
`,
    "ours",
  ),
  because(
    "RFC 8415 18.3.7: what a Release names and does not have is passed over, NoBinding is for unknown IAs",
    `
one pool > S-ST-9: Release of a prefix that is not the client's, beside nothing
  2 options
    Dibbler: 1 2 25 13
    ours: 1 2 13
  2 pd 1
    Dibbler: T1 0 T2 0, status 3
    ours:
one pool > S-ST-9: Release of an IA that names nothing
  2 options
    Dibbler: 1 2 25 13
    ours: 1 2 13
  2 pd 1
    Dibbler: T1 0 T2 0, status 3
    ours:
`,
    "ours",
  ),
  because(
    "RFC 8415 18.3.8: a Decline is answered with Success, and with NoBinding for what is not known; not with leases",
    `
one pool > S-MSG-80: Decline of a prefix
  2 status
    Dibbler:
    ours: 0
addresses beside prefixes > S-MSG-80: Decline of an address
  2 na 1
    Dibbler: T1 0 T2 0, P1/128 of pool 2 0/0, status 0
    ours:
  2 status
    Dibbler:
    ours: 0
  3 na 1
    Dibbler: T1 2147483647 T2 2147483647, status 3
    ours: T1 0 T2 0, status 3
`,
  ),
  because(
    "RFC 8415 18.3.8: a Decline is answered with Success, and with NoBinding for what is not known; not with leases",
    `
one pool > S-MSG-80: Decline of a prefix
  2 options
    Dibbler: 1 2
    ours: 1 2 13
one pool > S-MSG-80: Decline of an unknown client
  1 answer
    Dibbler: none
    ours: reply
addresses beside prefixes > S-MSG-80: Decline of an address
  2 options
    Dibbler: 1 2 3
    ours: 1 2 13
`,
    "ours",
  ),
  because(
    "RFC 8415 18.3.8: a Decline is answered with Success, and with NoBinding for what is not known; not with leases",
    `
one pool > S-MSG-80: Decline of a prefix
  2 options
    Dibbler: 2 1 7
    ours: 2 1 7 13
addresses beside prefixes > S-MSG-80: Decline of an address
  2 options
    Dibbler: 3 2 1 7
    ours: 2 1 7 13
`,
    "ours, strict",
  ),
  because(
    "S-MSG-61: Confirm is about addresses (RFC 8415 18.3.3)",
    `
one pool > S-MSG-60: Confirm of a prefix, on and off the link, and of nothing
  1 answer
    Dibbler: reply
    ours: none
addresses beside prefixes > S-MSG-61: Confirm of a prefix within \`subnet\`, and of one that is not
  1 answer
    Dibbler: reply
    ours: none
  2 answer
    Dibbler: reply
    ours: none
`,
    "ours",
  ),
  because(
    "S-MSG-3: dropped (RFC 8415 16)",
    `
one pool > S-MSG-3: Solicit with a Server Identifier
  1 answer
    Dibbler: advertise
    ours: none
one pool > S-MSG-3: Solicit with another server's identifier
  1 answer
    Dibbler: advertise
    ours: none
one pool > S-MSG-3: Rebind with a Server Identifier
  2 answer
    Dibbler: reply
    ours: none
one pool > S-MSG-3: Information-request with another server's identifier, and with an IA
  1 answer
    Dibbler: reply
    ours: none
  2 answer
    Dibbler: reply
    ours: none
`,
    "ours",
  ),
  because(
    "decision 18: unicast from clients is dropped unless `unicast` is configured",
    `
one pool > S-MSG-10: unicast to a link-local address, without \`unicast\`
  2 answer
    Dibbler: reply
    ours: none
  3 answer
    Dibbler: advertise
    ours: none
  4 answer
    Dibbler: reply
    ours: none
`,
    "ours",
  ),
  because(
    "S-MSG-11: UseMulticast is sent",
    `
drop-unicast > S-MSG-11: unicast to a link-local address
  2 answer
    Dibbler: none
    ours: reply
  3 answer
    Dibbler: none
    ours: reply
  7 answer
    Dibbler: none
    ours: reply
`,
  ),
  because(
    "decision 18: no Solicit by unicast (RFC 8415 18.4)",
    `
unicast > S-CFG-33: a lease, then unicast to the address that is offered, from a global address
  4 answer
    Dibbler: advertise
    ours: none
`,
    "ours",
  ),
  because(
    "S-MSG-24: no status on the top for what concerns one IA (RFC 8415 18.3.9); IA_TA is obsolete, and ignored (RFC 9915)",
    `
one pool > S-CFG-90: IA_NA and IA_TA where there are no addresses
  4 ta 1
    Dibbler: status 2
    ours:
`,
  ),
  because(
    "S-MSG-24: no status on the top for what concerns one IA (RFC 8415 18.3.9); IA_TA is obsolete, and ignored (RFC 9915)",
    `
one pool > S-CFG-90: IA_NA and IA_TA where there are no addresses
  1 options
    Dibbler: 1 2 3 13
    ours: 1 2 3
  1 status
    Dibbler: 2
    ours:
  2 options
    Dibbler: 1 2 3 25 13
    ours: 1 2 3 25
  2 status
    Dibbler: 2
    ours:
  4 options
    Dibbler: 1 2 4 25
    ours: 1 2 25
`,
    "ours",
  ),
  because(
    "S-MSG-24: no status on the top for what concerns one IA (RFC 8415 18.3.9); IA_TA is obsolete, and ignored (RFC 9915)",
    `
one pool > S-CFG-90: IA_NA and IA_TA where there are no addresses
  4 options
    Dibbler: 4 25 2 1 7
    ours: 25 2 1 7
`,
    "ours, strict",
  ),
  because(
    "RFC 8415 12: an IAID names one IA",
    `
one pool > two IA_PDs of one IAID
  1 pd 1 again
    Dibbler: T1 1000 T2 2000, P1/56 of pool 1 3000/4000, status 0
    ours:
`,
  ),
  because(
    "RFC 8415 12: an IAID names one IA",
    `
one pool > two IA_PDs of one IAID
  1 options
    Dibbler: 1 2 25 25
    ours: 1 2 25
`,
    "ours",
  ),
  because(
    "RFC 8415 12: an IAID names one IA",
    `
one pool > two IA_PDs of one IAID
  1 options
    Dibbler: 25 25 2 1 7
    ours: 25 2 1 7
`,
    "ours, strict",
  ),
  because(
    "RFC 8415 14.2: T1 and T2 beside NoBinding say nothing",
    `
addresses beside prefixes > Renew of an address that nobody knows
  1 na 1
    Dibbler: T1 2147483647 T2 2147483647, status 3
    ours: T1 0 T2 0, status 3
`,
    "ours, strict",
  ),
];
