import type { Happening, History } from "./history.ts";
import { prng } from "./prng.ts";

/** What happens, each as often as it stands here. */
export const KINDS = [
  "accept",
  "accept",
  "accept",
  "accept",
  "replace",
  "replace",
  "older",
  "force",
  "force",
  "cancel",
  "cancel",
  "cancelRun",
  "retry",
  "purge",
  "purge",
  "deleteObject",
  "prune",
  "live",
  "live",
  "evict",
  "restart",
] as const satisfies Happening["kind"][];
export const LAST_HAPPENING_AT = 400;

/** A history of 4 to 16 happenings from nothing but a number; up to 40 of the given kinds, when one rule is to be tried hard. */
export function randomHistory(seed: number, kinds: readonly Happening["kind"][] = KINDS): History {
  const random = prng(seed * 7919 + 1);
  const most = kinds === KINDS ? 16 : 40;
  const happenings = Array.from({ length: random.int(4, most) }, (): Happening => {
    return {
      at: random.int(1, LAST_HAPPENING_AT),
      kind: random.pick(kinds),
      image: random.pick(["a", "b"]),
      variant: random.pick([0, 1]),
    };
  });
  return { seed, happenings };
}
