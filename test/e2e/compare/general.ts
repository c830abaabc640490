import type { General, OurMode } from "./compare.js";
import type { Described } from "./describe.js";
import { globals } from "./stage.js";

/**
 * Options of an answer that are no IAs, in the order in which ours has them; what is not here comes between.
 */
const ourOrder = [1, 2, 14, 7, 12, 20] as const;

/** The differences that show in nearly every answer of one of our modes. */
export const generalIn = (mode: OurMode): readonly General[] =>
  general.filter(({ only }) => only === undefined || only === mode);

const general: readonly General[] = [
  {
    what: "Preference is sent in Advertises, and when it is not 0",
    why: "RFC 8415 21.8: in Advertise only, 0 when it is missing",
    only: "ours",
    apply: (answer) =>
      answer["option 7"] !== undefined && (isReply(answer) || answer["option 7"] === "00")
        ? without(answer, 7)
        : answer,
  },
  {
    what: "Server Unicast is sent in Replies, and not through relays",
    why: "RFC 8415 21.12: in Reply only, and behind relays it would lead past them",
    only: "ours",
    apply: (answer) =>
      answer["option 12"] !== undefined && (!isReply(answer) || "relay 1" in answer)
        ? without(answer, 12)
        : answer,
  },
  {
    what: "Relay-replies to a global address come from a global address",
    why: "RFC 8415 19.3, 6724: what leaves from a link-local address does not pass a router",
    apply: (answer) =>
      "relay 1" in answer &&
      answer["from"]?.startsWith("fe80:") === true &&
      answer["to"]?.startsWith("2001:") === true
        ? { ...answer, from: `${globals.server} port 547` }
        : answer,
  },
  {
    what: "texts have no octets behind them",
    why: "S-OPT-4, S-OPT-15: a zero octet, and one that was in memory",
    apply: (answer: Described): Described => {
      const shorter = textCodes.flatMap((code) => {
        const [, text] = /^(.*)00..$/.exec(answer[`option ${code}`] ?? "") ?? [];
        return text === undefined ? [] : [[`option ${code}`, text] as const];
      });
      return shorter.length === 0 ? answer : { ...answer, ...Object.fromEntries(shorter) };
    },
  },
  {
    what: "the order of options: identifiers first, IAs, status, others",
    why: "the order of options has no meaning (RFC 8415 21); ours is that of most servers",
    only: "ours",
    apply: (answer: Described): Described => {
      const options = reorder(answer["options"] ?? "");
      return options === (answer["options"] ?? "") ? answer : { ...answer, options };
    },
  },
];

/** Options of the scenes that are texts. */
const textCodes = [42, 102];

const isReply = ({ answer }: Described): boolean => answer?.startsWith("reply") === true;

function without(answer: Described, code: number): Described {
  const others = Object.entries(answer).filter(([part]) => part !== `option ${code}`);
  const options = (answer["options"] ?? "").split(" ").filter((each) => each !== String(code));
  return { ...Object.fromEntries(others), options: options.join(" ") };
}

function reorder(options: string): string {
  if (options === "") return options;
  const codes = options.split(" ").map(Number);
  const rank = (code: number): number => {
    const known: readonly number[] = ourOrder;
    if (known.includes(code)) return known.indexOf(code);
    if ([3, 4, 25].includes(code)) return 10;
    return code === 13 ? 11 : code === 11 ? 13 : 12;
  };
  return codes.toSorted((a, b) => rank(a) - rank(b)).join(" ");
}
