import type { RequestContext, Target } from "../request-context.ts";
import { serveVariant } from "./serve-variant.ts";

/** A variant that may replace a missing one, if it is stored. */
export interface Candidate {
  /** The variant is served as its target. */
  context: RequestContext;
  /** The variant, if it is not the target's own. */
  other?: Pick<Target, "key" | "transform">;
  /** True: it answers for good. False: it stands in until the asked one is stored. */
  isAnswer: boolean;
}

interface First {
  /** Null: none of them is stored. */
  found: { response: Response; candidate: Candidate } | null;
  /** Why the search for an answer for good has stopped; null: it has not. */
  known: "removed" | "unavailable" | null;
}

/**
 * Answers with the first of these variants that is stored. Takes them one by one, so that each may depend on the reads
 * that are left.
 */
export async function serveFirst(candidates: Iterable<Candidate>): Promise<First> {
  let known: First["known"] = null;
  for (const candidate of candidates) {
    const { context, other, isAnswer } = candidate;
    if (isAnswer && known !== null) continue;
    const served = await serveVariant(context, other);
    if (served instanceof Response) return { found: { response: served, candidate }, known };
    if (isAnswer) known = served;
  }
  return { found: null, known };
}
