/**
 * Every place between two awaits at which a handler may die. Tests kill it at each (crash-points.test.ts); in
 * production the hook does nothing. They stand in the order in which a variant passes them. `looked` and `look-marked`
 * are of an existence check.
 */
export const CRASH_POINTS = [
  "read",
  "dead-recorded",
  "before-exchange",
  "exchanged",
  "looked",
  "look-marked",
  "headed",
  "staging-looked",
  "staging-opened",
  "staged",
  "unstaged-noted",
  "probed",
  "before-post",
  "posted",
  "before-download",
  "downloaded",
  "before-put",
  "put",
  "before-marker",
  "marker-written",
  "markers-cleared",
  "before-leave",
  "left",
  "before-ack",
  "acked",
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Called at each point, with the key of the variant if the point has one. */
export type At = (point: CrashPoint, key?: string) => Promise<void>;

export const nowhere: At = () => Promise.resolve();
