import { because, type Reason } from "./compare.js";

/** Options, relays and Leasequery. */
export const inOptions: readonly Reason[] = [
  because(
    "RFC 8415 20.4, 21.20: the server says that it will use Reconfigure",
    `
reconfigure-enabled > S-MSG-32: Reconfigure Accept in all messages
  1 option 20
    Dibbler:
    ours:
  1 options
    Dibbler: 1 2 25
    ours: 1 2 20 25
  2 option 20
    Dibbler:
    ours:
  2 options
    Dibbler: 1 2 25 11
    ours: 1 2 20 25 11
  3 option 20
    Dibbler:
    ours:
  3 options
    Dibbler: 1 2 25
    ours: 1 2 20 25
`,
    "ours",
  ),
  because(
    "RFC 8415 21.23: the refresh time is for Replies to Information-requests",
    `
options on the wire > S-OPT-9: lifetime
  2 option 32
    Dibbler: 00000708
    ours:
  2 options
    Dibbler: 1 2 25 32
    ours: 1 2 25
`,
    "ours",
  ),
  because(
    "the order of options has no meaning (RFC 8415 21): vendor options stand where they are configured",
    `
options on the wire > S-MSG-101: vendor options that are configured last
  1 options
    Dibbler: 1 2 17 23
    ours: 1 2 23 17
`,
    "ours",
  ),
  because(
    "the order of options has no meaning (RFC 8415 21): vendor options stand where they are configured",
    `
options > S-MSG-101: vendor options: without a request, of one vendor, of another
  2 options
    Dibbler: 25 17 2 1 7
    ours: 25 2 1 7 17
`,
    "ours, strict",
  ),
  because(
    "RFC 8415 18.3.6: an Information-request is answered, so that the client stops asking",
    `
options > S-MSG-90: nothing that is configured
  1 answer
    Dibbler: none
    ours: reply
  2 answer
    Dibbler: none
    ours: reply
options > S-MSG-101: vendor options: without a request, of one vendor, of another
  1 answer
    Dibbler: none
    ours: reply
`,
    "ours",
  ),
  because(
    "RFC 8415 21.7: one Option Request is allowed; ours reads all of them",
    `
options > S-MSG-101: two Option Requests
  1 option 23
    Dibbler:
    ours: 20010db800000000000000000000005320010db8000000000000000000000054
`,
  ),
  because(
    "RFC 8415 21.7: one Option Request is allowed; ours reads all of them",
    `
options > S-MSG-101: two Option Requests
  1 options
    Dibbler: 1 2 25 24
    ours: 1 2 25 23 24
`,
    "ours",
  ),
  because(
    "RFC 8415 21.7: one Option Request is allowed; ours reads all of them",
    `
options > S-MSG-101: two Option Requests
  1 options
    Dibbler: 25 2 1 7 24
    ours: 25 2 1 7 23 24
`,
    "ours, strict",
  ),
  because(
    "S-LQ-3, S-LQ-4: one answer, with the time that has passed; the order of options has no meaning",
    `
leasequery > S-LQ-1: by Client Identifier, a prefix
  2 answer
    Dibbler: leasequeryReply 2 times
    ours: leasequeryReply
  2 client data
    Dibbler: P1/56 of pool 1 3000/4000, 1 = 0003000102fe00000001, long ago
    ours: 1 = 0003000102fe00000001, P1/56 of pool 1 3000/4000, a moment ago
leasequery > S-LQ-1: by address
  2 answer
    Dibbler: leasequeryReply 2 times
    ours: leasequeryReply
  2 client data
    Dibbler: 2001:db8:5::7:177/128 3000/4000, 1 = 0003000102fe00000101, a moment ago
    ours: 1 = 0003000102fe00000101, 2001:db8:5::7:177/128 3000/4000, a moment ago
`,
  ),
  because(
    "S-LQ-3, S-LQ-4: one answer, with the time that has passed; the order of options has no meaning",
    `
leasequery > S-LQ-1: by Client Identifier, a prefix
  2 options
    Dibbler: 1 45 2
    ours: 1 2 45
leasequery > S-LQ-1: by address
  2 options
    Dibbler: 1 45 2
    ours: 1 2 45
`,
    "ours, strict",
  ),
  because(
    "S-LQ-3, RFC 5007 4.3.3: one answer; without a binding it has neither data nor status",
    `
leasequery > S-LQ-2: no binding
  1 answer
    Dibbler: leasequeryReply 2 times
    ours: leasequeryReply
  1 status
    Dibbler: 9
    ours:
`,
  ),
  because(
    "S-LQ-3, RFC 5007 4.3.3: one answer; without a binding it has neither data nor status",
    `
leasequery > S-LQ-2: no binding
  1 options
    Dibbler: 1 2 13
    ours: 1 2
`,
    "ours",
  ),
  because(
    "S-LQ-3, RFC 5007 4.3.3: one answer; without a binding it has neither data nor status",
    `
leasequery > S-LQ-2: no binding
  1 options
    Dibbler: 1 13 2
    ours: 1 2
`,
    "ours, strict",
  ),
  because(
    "S-LQ-3, RFC 5007 4.1.2: the Server Identifier is always there, a message without a query is dropped, and a query that lacks something is MalformedQuery",
    `
leasequery > S-LQ-2: an unknown type of query
  1 option 2
    Dibbler:
    ours: 000100012f01020302be0d000001
  1 options
    Dibbler: 1 13
    ours: 1 2 13
leasequery > S-LQ-2: no query
  1 answer
    Dibbler: leasequeryReply
    ours: none
leasequery > S-LQ-2: a query by Client Identifier without one
  1 answer
    Dibbler: leasequeryReply 2 times
    ours: leasequeryReply
  1 status
    Dibbler: 1
    ours: 8
`,
  ),
  because(
    "S-LQ-3, RFC 5007 4.1.2: the Server Identifier is always there, a message without a query is dropped, and a query that lacks something is MalformedQuery",
    `
leasequery > S-LQ-2: a query by Client Identifier without one
  1 options
    Dibbler: 1 13 2
    ours: 1 2 13
`,
    "ours, strict",
  ),
  because(
    "RFC 5007 4.3.3: NotAllowed",
    `
leasequery that is not allowed > S-LQ-1: by Client Identifier
  2 answer
    Dibbler: none
    ours: leasequeryReply
`,
  ),
  because(
    "RFC 6221: relays of layer 2 name no link; it is that of the interface",
    `
relays > S-REL-3: no Interface-Id, link-address ::
  1 answer
    Dibbler: none
    ours: advertise
`,
  ),
  because(
    "RFC 8415 19.1: relays may send to a unicast address of the server",
    `
relays > S-NET-5: a relay that sends to a global address
  1 answer
    Dibbler: none
    ours: advertise
`,
  ),
  because(
    "S-REL-8: nested Relay-replies have the right lengths; S-REL-3: the innermost link that is known counts",
    `
relays > S-REL-3: two levels: only the inner one is known
  1 answer
    Dibbler: malformed
    ours: advertise
  2 answer
    Dibbler: malformed
    ours: reply
relays > S-REL-3: two levels: outer known, inner with an unknown Interface-Id
  1 answer
    Dibbler: none
    ours: advertise
  2 answer
    Dibbler: none
    ours: reply
relays > S-REL-3: two levels: two links
  1 answer
    Dibbler: malformed
    ours: advertise
  2 answer
    Dibbler: malformed
    ours: reply
`,
  ),
];
