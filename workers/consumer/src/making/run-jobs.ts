import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { Outcome, Submitted } from "../ledger/contract.ts";
import { errorText } from "../platform/log.ts";
import { headVariant, type StoredObject } from "../store/variants.ts";
import type { BatchContext, Watched, Work } from "./batch-context.ts";
import { all, guarded } from "./guarded.ts";
import { settleOutcomes } from "./settle-outcomes.ts";
import { submitJob } from "./submit-jobs.ts";
import { watchJobs } from "./watch-jobs.ts";

/** R2 did not answer: when to try again, without counting an attempt. */
const STORE_AGAIN_MS = 15_000;

/** An object in R2 may settle a claim: `run` and `verify` if its generation still counts, `resume` only if it is the claim's own. */
function outcomeOfStored({ claim, stored }: Work): Outcome | null {
  const counts = stored !== null && (claim.do === "resume" ? stored.gen === claim.gen : stored.gen >= claim.floor);
  if (counts) {
    return {
      kind: "present",
      bytes: stored.bytes,
      etag: stored.etag,
      objectGen: stored.gen,
      posted: claim.do !== "run",
    };
  }
  return claim.do === "verify" ? { kind: "gone" } : null;
}

async function headFor(context: BatchContext, work: Work): Promise<StoredObject | null | "unknown"> {
  try {
    const stored = await context.connections.run(() => headVariant(context.images, work.key));
    await context.at("headed", work.key);
    return stored;
  } catch (error) {
    context.log("variant.head_failed", { key: work.key, error: errorText(error) });
    return "unknown";
  }
}

/** Brings one claimed key as far as it goes without waiting: to an outcome, or to a job to watch. */
async function begin(context: BatchContext, work: Work): Promise<Watched | null> {
  const stored = await headFor(context, work);
  if (stored === "unknown") {
    context.outcomes.set(work.key, { kind: "pending", due: context.clock.now() + STORE_AGAIN_MS });
    return null;
  }
  work.stored = stored;
  const outcome = outcomeOfStored(work);
  if (outcome !== null) context.outcomes.set(work.key, outcome);
  const { claim } = work;
  if (outcome !== null || claim.do === "verify") return null;
  if (claim.do === "run") return submitJob(context, work, claim);
  const { ittybitJob, submittedAt, attempts } = claim;
  return { work, ittybitJob, submittedAt, attempts, made: null, lookAt: 0, looks: 0 };
}

function workOf(context: BatchContext): Work[] {
  const works: Work[] = [];
  for (const [key, claim] of Object.entries(context.answer.claims)) {
    if (claim.do !== "run" && claim.do !== "resume" && claim.do !== "verify") continue;
    const parsed = parseVariantKey(key);
    if (parsed === null) {
      const failure = { code: "key_unreadable", message: "this is not a variant key" };
      context.outcomes.set(key, { kind: "failed", class: "permanent", failure, posted: false, ended: true });
    } else works.push({ key, id: parsed.id, transform: parsed.transform, claim, stored: null });
  }
  return works;
}

/**
 * Records the jobs that this batch has made, before anybody waits for them: from here on they are resumed by their id, never
 * made again. Returns the keys that the ledger told to stop.
 */
async function record(context: BatchContext, begun: readonly Watched[]): Promise<Set<string>> {
  const jobs = begun.flatMap(({ work, ittybitJob, made }): Submitted[] =>
    made === null ? [] : [{ key: work.key, gen: work.claim.gen, ittybitJob, input: made.input }],
  );
  if (jobs.length === 0) return new Set();
  const { lease, ledger } = context;
  await context.at("before-submitted");
  const answers = await lease.renewingCall(
    () => ledger.submitted(lease.owner, jobs),
    (given) => Object.values(given).includes("go"),
  );
  await context.at("submitted");
  return new Set(jobs.map(({ key }) => key).filter((key) => answers[key] === "stop"));
}

/** Does everything a claim asks for and settles it. Throws LedgerUnavailable. */
export async function runJobs(context: BatchContext): Promise<void> {
  const begun: Watched[] = [];
  await all(
    workOf(context).map((work) =>
      guarded(context, work, async () => {
        const watched = await begin(context, work);
        if (watched !== null) begun.push(watched);
      }),
    ),
  );
  const stopped = await record(context, begun);
  for (const key of stopped) context.outcomes.set(key, { kind: "stopped" });
  const watched = begun.filter(({ work }) => !stopped.has(work.key));
  // Refusals, throttling and what was there already need not wait for the jobs.
  if (watched.length > 0) await settleOutcomes(context);
  await watchJobs(context, watched);
  await settleOutcomes(context);
}
