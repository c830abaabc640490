import { type Binding, type IaName, isLive, leaseText, lostPrefixes, sameIa } from "./binding.js";
import { type GoneReason, hookCalls, type Occasion } from "./hook-env.js";
import { log, run, setBindings, type Turn } from "./turn.js";

/**
 * Calls the hook for what changed since `before`: for the IAs in `touched` in any case and in their order,
 * for others when they lost a prefix. From then on the hook knows of them.
 */
export function announce(
  turn: Turn,
  before: readonly Binding[],
  touched: readonly IaName[],
  occasion: Occasion,
): void {
  const { setup, bindings } = turn.state;
  const pairs = bindings.map((after, index) => ({ before: before[index] ?? after, after }));
  const first = touched.flatMap((ia) => pairs.filter(({ after }) => sameIa(after.wanted, ia)));
  const others = pairs.filter((pair) => !first.includes(pair));
  const changes = [...first, ...others.filter((pair) => lostPrefixes(pair.before, pair.after).length > 0)];
  if (changes.length === 0) return;
  for (const call of hookCalls(setup, changes, occasion, turn.env.now)) run(turn, call);
  const told = changes.map(({ after }) => after);
  setBindings(
    turn,
    bindings.map((binding) =>
      told.includes(binding) && isLive(binding) ? { ...binding, announced: true } : binding,
    ),
  );
}

/** Logs each prefix that was held in `before` and is not any more. */
export function logGone(turn: Turn, before: readonly Binding[], reason: GoneReason): void {
  const { setup, bindings } = turn.state;
  before.forEach((binding, index) => {
    for (const prefix of lostPrefixes(binding, bindings[index] ?? binding)) {
      log(turn, "CLIENT-GONE", {
        interface: setup.interfaceName,
        iaid: binding.wanted.iaid,
        prefix: () => leaseText(binding.wanted, prefix),
        reason,
      });
    }
  });
}
