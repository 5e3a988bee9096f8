import type { Pace } from "@prewarm/control-schema/pace";
import { doneWords } from "@prewarm/shared/words";
import { duration } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { moments } from "../lib/time-style.ts";

/** When it is done, by the clock, and between when; a dash, with the reason to hover, where it is not known. */
export function DoneAt({ pace }: { pace: Pace }) {
  const { secondsLeft, why } = pace;
  if (secondsLeft === null)
    return (
      <span title={why ?? undefined}>
        <span aria-hidden="true">–</span>
        <span class="visually-hidden">{why}</span>
      </span>
    );
  const words = doneWords(pace, moments(clock.value));
  return words === null ? <>–</> : <span title={`in ${duration(secondsLeft * 1000)}`}>{words}</span>;
}
