import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { Outcome, Submitted } from "../ledger/contract.ts";
import { errorText } from "../platform/log.ts";
import { headVariant, type Seen } from "../store/store-variant.ts";
import type { Batch, Watched, Work } from "./batch-context.ts";
import { all, guarded } from "./guarded.ts";
import { settleOutcomes } from "./settle-outcomes.ts";
import { submitJob } from "./submit-jobs.ts";
import { watchJobs } from "./watch-jobs.ts";

/** R2 did not answer: when to try again, without counting an attempt. */
const STORE_AGAIN_MS = 15_000;

/** What R2 already holds may settle a claim: `run` and `verify` by any generation that counts, `resume` by its own. */
function outcomeOfSeen({ claim, seen }: Work): Outcome | null {
  const counts = seen !== null && (claim.do === "resume" ? seen.gen === claim.gen : seen.gen >= claim.floor);
  if (counts) {
    return { kind: "present", bytes: seen.bytes, etag: seen.etag, objectGen: seen.gen, posted: claim.do !== "run" };
  }
  return claim.do === "verify" ? { kind: "gone" } : null;
}

async function headFor(batch: Batch, work: Work): Promise<Seen | null | "unknown"> {
  try {
    const seen = await batch.connections.run(() => headVariant(batch.deps.images, work.key));
    await batch.deps.at("headed", work.key);
    return seen;
  } catch (error) {
    batch.deps.log("variant.head_failed", { key: work.key, error: errorText(error) });
    return "unknown";
  }
}

/** Brings one claimed key as far as it goes without waiting: to an outcome, or to a job to watch. */
async function begin(batch: Batch, work: Work): Promise<(Watched & { input?: string }) | null> {
  const seen = await headFor(batch, work);
  if (seen === "unknown") {
    batch.outcomes.set(work.key, { kind: "pending", due: batch.deps.clock.now() + STORE_AGAIN_MS });
    return null;
  }
  work.seen = seen;
  const outcome = outcomeOfSeen(work);
  if (outcome !== null) batch.outcomes.set(work.key, outcome);
  const { claim } = work;
  if (outcome !== null || claim.do === "verify") return null;
  if (claim.do === "run") return submitJob(batch, work, claim);
  const { ittybitJob, submittedAt, attempts } = claim;
  return { work, job: ittybitJob, submittedAt, attempts, made: null, lookAt: 0, looks: 0 };
}

function workOf(batch: Batch): Work[] {
  const all: Work[] = [];
  for (const [key, claim] of Object.entries(batch.answer.claims)) {
    if (claim.do !== "run" && claim.do !== "resume" && claim.do !== "verify") continue;
    const parsed = parseVariantKey(key);
    if (parsed === null) {
      const failure = { code: "key_unreadable", message: "this is not a variant key" };
      batch.outcomes.set(key, { kind: "failed", class: "permanent", failure, posted: false, ended: true });
    } else all.push({ key, id: parsed.id, transform: parsed.transform, claim, seen: null });
  }
  return all;
}

/** Records the jobs made, before anybody waits for them: they are resumed by id from here on, never made again. */
async function record(batch: Batch, made: readonly (Watched & { input: string })[]): Promise<Set<string>> {
  const { deps, lease } = batch;
  if (made.length === 0) return new Set();
  await deps.at("before-submitted");
  const jobs: Submitted[] = made.map(({ work, job, input }) => ({
    key: work.key,
    gen: work.claim.gen,
    ittybitJob: job,
    input,
  }));
  const answers = await lease.renewingCall(
    "submitted",
    () => deps.ledger.submitted(lease.owner, jobs),
    (given) => Object.values(given).includes("go"),
  );
  await deps.at("submitted");
  return new Set(jobs.map(({ key }) => key).filter((key) => answers[key] === "stop"));
}

/** Does everything a claim asks for and settles it. Throws LedgerUnreachable. */
export async function runJobs(batch: Batch): Promise<void> {
  const begun: (Watched & { input?: string })[] = [];
  await all(
    workOf(batch).map((work) =>
      guarded(batch, work, async () => {
        const watched = await begin(batch, work);
        if (watched !== null) begun.push(watched);
      }),
    ),
  );
  const made = begun.filter((one): one is Watched & { input: string } => one.input !== undefined);
  const stopped = await record(batch, made);
  for (const key of stopped) batch.outcomes.set(key, { kind: "stopped" });
  const watched = begun.filter(({ work }) => !stopped.has(work.key));
  // Refusals, throttling and what was there already need not wait for the jobs.
  if (watched.length > 0) await settleOutcomes(batch);
  await watchJobs(batch, watched);
  await settleOutcomes(batch);
}
