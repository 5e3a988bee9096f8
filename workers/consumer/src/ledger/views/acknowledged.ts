import type { Warning } from "@prewarm/control-schema/stats";
import type { Alarm } from "./warnings.ts";

/*
 * Which troubles are quiet, because an operator has acknowledged them. This file has the whole rule of what counts as
 * a change.
 */

/** What an operator acknowledged, by the trouble's key. `at`: Unix ms. */
export interface Acknowledged extends Pick<Alarm, "size" | "formats" | "prefix"> {
  cause: string;
  who: string;
  at: number;
}

/** A trouble may grow to this many times its acknowledged size and by so many more before it has changed. */
const GROWTH = 2;
const GROWTH_FREE = 10;

/**
 * A trouble is quiet while it is no worse than what was acknowledged: the same cause, in no other folder, in no further
 * format, and not much larger. The ledger forgets what is acknowledged once a minute, if the trouble is gone or has
 * changed, so one that comes back is not quiet.
 */
export function isQuiet(
  known: Acknowledged | undefined,
  { cause, size, formats, prefix }: Pick<Alarm, "cause" | "size" | "formats" | "prefix">,
): boolean {
  if (known === undefined || cause !== known.cause || size > GROWTH * known.size + GROWTH_FREE) return false;
  // No common folder or no format is known of a failure that may be anywhere.
  return prefix.startsWith(known.prefix) && formats.every((format) => known.formats.includes(format));
}

/** The warnings as operators see them, the worst first. */
export function withAcknowledged(alarms: readonly Alarm[], all: Record<string, Acknowledged>): Warning[] {
  return alarms.map(({ size, formats, prefix, ...alarm }) => {
    const known = all[alarm.key];
    const isKnown = known !== undefined && isQuiet(known, { ...alarm, size, formats, prefix });
    return { ...alarm, acknowledged: isKnown ? { who: known.who, at: known.at } : null };
  });
}
