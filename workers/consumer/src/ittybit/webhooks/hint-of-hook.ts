import type { IttybitJob } from "../dialects.ts";
import type { Hook } from "./read-hook.ts";

/** All that can come of a hook: something to look at. Never an attempt, a failure or a free slot; an end is believed only when it is signed. */
export type Hint =
  /** Perhaps the job of a POST whose answer was lost: to be looked at, and taken when Ittybit shows that it is. */
  | { kind: "claim"; ittybitJob: string }
  /** Look at the job now. */
  | { kind: "look"; ittybitJob: string }
  /** Its result as it was signed: no look is needed. */
  | { kind: "ended"; job: IttybitJob }
  | { kind: "none"; why: "unknown" | "other_job" | "pending" };

/**
 * What a hook under a right address means. Repeats, a late `processing`, a purged generation and a foreign id are all harmless: they give
 * nothing, or once more the same look.
 *
 * @param granted the id of the generation's job, null until its POST is answered; null when no such generation is under way
 */
export function hintOfHook({ job, isSigned }: Hook, granted: { ittybitJob: string | null } | null): Hint {
  if (granted === null) return { kind: "none", why: "unknown" };
  if (granted.ittybitJob !== null && granted.ittybitJob !== job.id) return { kind: "none", why: "other_job" };
  if (job.status === "pending") return { kind: "none", why: "pending" };
  if (granted.ittybitJob === null) return { kind: "claim", ittybitJob: job.id };
  // Why it failed is read where it is kept.
  return isSigned && job.status === "done" && job.output !== null
    ? { kind: "ended", job }
    : { kind: "look", ittybitJob: job.id };
}
