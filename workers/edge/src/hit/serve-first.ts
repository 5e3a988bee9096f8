import type { RequestContext, Target } from "../request-context.ts";
import { serveVariant } from "./serve-variant.ts";

/** A stored variant that may be shown in place of a missing one. */
export interface Candidate {
  /** Its target is what the variant is served as. */
  context: RequestContext;
  /** The variant, where it is not the target's own. */
  other?: Pick<Target, "key" | "transform">;
  /** True: it answers for good. False: it is shown until the asked one is there. */
  isAnswer: boolean;
}

interface First {
  /** Null: none of them is there. */
  found: { response: Response; candidate: Candidate } | null;
  /** Why the search for an answer for good stopped; null: it did not. */
  known: "removed" | "unavailable" | null;
}

/** Answers with the first of these variants that is there. They are taken one by one, so that each may depend on the reads that are left. */
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
