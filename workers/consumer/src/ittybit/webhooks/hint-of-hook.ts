import type { IttybitJob } from "../dialects.ts";
import type { Hook } from "./read-hook.ts";

/** What the ledger knows of the generation that a hook came for. */
export interface Granted {
  /** The id of its job, once its POST was answered. */
  ittybitJob: string | null;
  /** Whether a live handler looks after it: that one looks by itself. */
  isOwned: boolean;
}

/** All that can come of a hook: something to look at. Never an outcome, an attempt or a free slot. */
export type Hint =
  /** The job of a POST whose answer was lost: the right address proves it. */
  | { kind: "adopt"; ittybitJob: string }
  /** Look at the job now. */
  | { kind: "look"; ittybitJob: string }
  /** Its end as it was signed: no look is needed. */
  | { kind: "ended"; job: IttybitJob }
  | { kind: "none"; why: "unknown" | "unreadable" | "other_job" | "pending" | "owned" };

/**
 * What a hook under a right address means. Repeats, a late `processing`, a purged generation and a foreign id are all harmless: they give
 * nothing, or once more the same look.
 *
 * @param granted null when no such generation is under way: it is done, given up or purged
 */
export function hintOfHook({ job, isSigned }: Hook, granted: Granted | null): Hint {
  if (granted === null) return { kind: "none", why: "unknown" };
  if (job === null) return { kind: "none", why: "unreadable" };
  if (granted.ittybitJob === null) return { kind: "adopt", ittybitJob: job.id };
  if (granted.ittybitJob !== job.id) return { kind: "none", why: "other_job" };
  if (job.status === "pending") return { kind: "none", why: "pending" };
  if (granted.isOwned) return { kind: "none", why: "owned" };
  return isSigned ? { kind: "ended", job } : { kind: "look", ittybitJob: granted.ittybitJob };
}
