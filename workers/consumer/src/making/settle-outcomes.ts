import { LEASE_MIN_LEFT_MS } from "@prewarm/shared/limits";
import { type DeadMarker, deadMs } from "@prewarm/shared/markers";
import { idOfKey } from "@prewarm/shared/variant-key";
import type { Outcome } from "../ledger/contract.ts";
import { errorText } from "../platform/log.ts";
import { noteStored } from "../store/info.ts";
import { clearMarkers, markDead } from "../store/markers.ts";
import { deleteVariants } from "../store/variants.ts";
import type { BatchContext } from "./batch-context.ts";

/** R2 did not take a marker: when to try again. */
const MARKER_AGAIN_MS = 30_000;

/** The marker that tells the edge of a dead end, or null when this outcome is not one. */
function markerOf(context: BatchContext, key: string, outcome: Outcome): DeadMarker | null {
  // A missing original has one marker for all its variants, written when it was missed.
  if (outcome.kind === "refused")
    return outcome.code === "missing" ? null : { code: outcome.code, until: outcome.until };
  if (outcome.kind !== "failed" && outcome.kind !== "unclear") return null;
  const claim = context.answer.claims[key];
  const attempts = claim !== undefined && "attempts" in claim ? claim.attempts : 0;
  const last = attempts + 1 >= context.config.limits.maxAttempts;
  const { failure } = outcome;
  const permanent = outcome.kind === "failed" && outcome.class === "permanent";
  return permanent || last ? { code: failure.code, until: context.clock.now() + deadMs(permanent) } : null;
}

/** Written before the settle: a dead row without its marker would be asked for by every viewer. */
async function writeMarkers(context: BatchContext, outcomes: Map<string, Outcome>): Promise<void> {
  const { connections, images } = context;
  const marking = [...outcomes].map(async ([key, outcome]) => {
    const marker = markerOf(context, key, outcome);
    if (marker === null) return;
    try {
      await context.at("before-marker", key);
      await connections.run(() => markDead(images, key, marker));
      await context.at("marker-written", key);
    } catch (error) {
      context.log("marker.put_failed", { key, error: errorText(error) });
      outcomes.set(key, { kind: "pending", due: context.clock.now() + MARKER_AGAIN_MS });
    }
  });
  await Promise.all(marking);
}

async function clearStored(context: BatchContext, outcomes: ReadonlyMap<string, Outcome>): Promise<void> {
  const stored = [...outcomes].filter(([, { kind }]) => kind === "stored" || kind === "present").map(([key]) => key);
  if (stored.length === 0) return;
  await noteStored(context, stored);
  try {
    await context.connections.run(() => clearMarkers(context.images, stored, stored.map(idOfKey)));
    await context.at("markers-cleared");
  } catch (error) {
    // A marker that stays only keeps viewers from asking, and runs out by itself.
    context.log("marker.delete_failed", { error: errorText(error) });
  }
}

/** These rows were purged while their objects were put: only the owner may delete the objects. */
async function deletePurged(context: BatchContext, keys: readonly string[]): Promise<void> {
  const { lease, ledger, images, connections } = context;
  if (keys.length === 0) return;
  await context.at("before-delete");
  // R2 deletes unconditionally: after the lease somebody else may have stored newer bytes. The purge looks again by itself.
  if (!(await lease.ensure(LEASE_MIN_LEFT_MS))) return;
  await connections.run(() => deleteVariants(images, keys));
  await context.at("deleted");
  const purged: Record<string, Outcome> = Object.fromEntries(keys.map((key) => [key, { kind: "purged" }]));
  await ledger.settle(lease.owner, purged);
}

/** Settles everything known so far in one call. Throws LedgerUnavailable. */
export async function settleOutcomes(context: BatchContext): Promise<void> {
  const { lease, ledger } = context;
  if (context.outcomes.size === 0) return;
  const outcomes = new Map(context.outcomes);
  context.outcomes.clear();
  await writeMarkers(context, outcomes);
  await clearStored(context, outcomes);
  await context.at("before-settle");
  const settled = await ledger.settle(lease.owner, Object.fromEntries(outcomes));
  await context.at("settled");
  for (const [key, outcome] of outcomes)
    context.log("job.settled", { key, outcome: outcome.kind, answer: settled[key] });
  await deletePurged(
    context,
    [...outcomes.keys()].filter((key) => settled[key] === "delete"),
  );
}
