import { endOf, exactBoth } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { clockTime, inZone, moment, zone } from "../lib/time-style.ts";

/**
 * A moment: relative, local or UTC, as the reader has chosen; exact in local time and UTC to hover, machine-readable to copy. `asClock`: as
 * clock time whatever the choice.
 */
export function Time({ at, asClock }: { at: number | null; asClock?: boolean }) {
  if (at === null) return <span class="muted">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exactBoth(at)}>
      {asClock ? clockTime(at, clock.value) : moment(at, clock.value)}
    </time>
  );
}

/** Words before a moment, such as `, ended 3 min ago`; nothing where there is none. */
export function Then({ words, at, asClock = false }: { words: string; at: number | null; asClock?: boolean }) {
  if (at === null) return null;
  return (
    <>
      {words} <Time at={at} asClock={asClock} />
    </>
  );
}

/** A sentence of the server, its times in the reader's zone. */
export function Said({ children }: { children: string }) {
  return <>{inZone(children, clock.value)}</>;
}

/** Until when something may go on, said so that it is surely over then: `until 17:42:09`, another day `until 1 Dec 2027`. */
export function Until({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactBoth(at)}>
      until {endOf(at, clock.value, zone())}
    </time>
  );
}
