import { OUTPUT_MAX_BYTES, RESULT_WITHIN_MS } from "@prewarm/shared/limits";
import type { VariantOutcome } from "../images/calls.ts";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { isAnothers } from "../ittybit/job-order.ts";
import { type Bytes, type Download, openDownload, type Unfetched } from "../ittybit/output/download.ts";
import { type BatchContext, rankOf } from "./batch-context.ts";
import { failed } from "./failed.ts";
import type { HeldClaim } from "./held-claims.ts";

/** How soon a result is fetched again: at first after `first`, then after half the time that it has been missing. */
const AGAIN_MS = { first: 5_000, longest: 60_000 };

/** The job as Ittybit shows it now; null when it gives no answer, or does not show the job as done any more. */
export async function readDone(context: BatchContext, claim: HeldClaim, id: string): Promise<IttybitJob | null> {
  const look = await context.connections.run(() => context.ittybit.get(id), { rank: rankOf(claim, "result") });
  return look.kind === "job" && look.job.status === "done" ? look.job : null;
}

async function openResult(context: BatchContext, claim: HeldClaim, url: string): Promise<Download> {
  await context.at("before-download", claim.key);
  const { fetch, allowLoopbackHttp } = context;
  const settings = { fetch, allowLoopbackHttp, maxBytes: OUTPUT_MAX_BYTES };
  return context.connections.run(
    async () => {
      claim.begun = true;
      return openDownload(url, settings);
    },
    { rank: rankOf(claim, "result") },
  );
}

/** Opens the result. When it cannot be fetched, the job is read once more, for it may name a fresh URL by now. */
export async function openFresh(
  context: BatchContext,
  claim: HeldClaim,
  job: IttybitJob,
  url: string,
): Promise<Download> {
  const first = await openResult(context, claim, url);
  // A later try has read the job before.
  if (first.kind !== "unfetched" || claim.given.unfetchedSince !== null) return first;
  const { gen } = claim.given;
  const shown = await readDone(context, claim, job.id);
  // Ids are reused: the id may show a job of another variant by now.
  if (shown === null || isAnothers(shown, { ledger: context.ledgerId, gen: String(gen), key: claim.key })) return first;
  return shown.output === null || shown.output === url ? first : openResult(context, claim, shown.output);
}

/**
 * The job is done and paid for, and its result could not be fetched: a host that fails for a while costs nothing. The same job's result is
 * fetched again for RESULT_WITHIN_MS after the first refusal. That time is the ledger's own: Ittybit's clock may be an hour off, and the grant
 * may be hours old.
 */
export function keptUnfetched(
  context: BatchContext,
  { given }: HeldClaim,
  { code, status, message }: Unfetched,
): VariantOutcome {
  const now = context.clock.now();
  const missing = given.unfetchedSince === null ? 0 : now - given.unfetchedSince;
  if (missing >= RESULT_WITHIN_MS) {
    const failure = { code, message, ...(status === null ? {} : { httpStatus: status }) };
    return { kind: "failed", class: "transient", failure, external: "ended" };
  }
  const wait = Math.min(Math.max(AGAIN_MS.first, missing / 2), AGAIN_MS.longest, RESULT_WITHIN_MS - missing);
  return { kind: "pending", due: now + Math.ceil(wait), unfetched: { code, status, message } };
}

/** The outcome of a download that gave no bytes. */
export function outcomeOfNoBytes(
  context: BatchContext,
  claim: HeldClaim,
  result: Exclude<Download | Bytes, { kind: "open" | "bytes" }>,
): VariantOutcome {
  switch (result.kind) {
    case "unfetched":
      return keptUnfetched(context, claim, result);
    case "too_large":
      return failed("permanent", "output_too_large", `the result is larger than ${OUTPUT_MAX_BYTES} bytes`);
    case "blocked":
      return failed("transient", "output_blocked", result.message);
    default:
      return result satisfies never;
  }
}
