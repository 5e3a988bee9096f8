import type { Pace } from "@prewarm/control-schema/pace";
import { duration } from "../lib/format.ts";

/** The time left; a dash, with the reason to hover, where it is not known. */
export function Left({ pace: { secondsLeft, why } }: { pace: Pace }) {
  if (secondsLeft === null)
    return (
      <span title={why ?? undefined}>
        <span aria-hidden="true">–</span>
        <span class="visually-hidden">{why}</span>
      </span>
    );
  return <>{secondsLeft === 0 ? "–" : duration(secondsLeft * 1000)}</>;
}
