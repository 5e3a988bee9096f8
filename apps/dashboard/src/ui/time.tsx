import { exactBoth, relative } from "../lib/format.ts";
import { clock } from "../lib/live.ts";

/** A moment: relative to read, exact in local time and UTC to hover, machine-readable to copy. */
export function Time({ at }: { at: number | null }) {
  if (at === null) return <span class="muted">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exactBoth(at)}>
      {relative(at, clock.value)}
    </time>
  );
}
