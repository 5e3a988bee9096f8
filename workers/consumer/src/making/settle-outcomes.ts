import { LEASE_MIN_LEFT_MS } from "@prewarm/shared/limits";
import { idOfKey } from "@prewarm/shared/variant-key";
import type { Failure, Outcome } from "../ledger/api.ts";
import { deadMs } from "../ledger/protocol/backoff.ts";
import { errorText } from "../platform/log.ts";
import { clearMarkers } from "../store/markers.ts";
import { deleteVariants, markDead } from "../store/store-variant.ts";
import type { Batch } from "./batch-context.ts";

/** R2 did not take a marker: when to try again. */
const MARKER_AGAIN_MS = 30_000;

interface Marker {
  code: string;
  until: number;
}

/** The marker a dead end needs at the edge, or null when this outcome is none. */
function markerOf(batch: Batch, key: string, outcome: Outcome): Marker | null {
  // A missing original has one marker for all its variants, written when it was missed.
  if (outcome.kind === "refused")
    return outcome.code === "missing" ? null : { code: outcome.code, until: outcome.until };
  if (outcome.kind !== "failed" && outcome.kind !== "unclear") return null;
  const claim = batch.answer.claims[key];
  const attempts = claim !== undefined && "attempts" in claim ? claim.attempts : 0;
  const last = attempts + 1 >= batch.deps.config.limits.maxAttempts;
  const failure: Failure = outcome.failure;
  const permanent = outcome.kind === "failed" && outcome.class === "permanent";
  return permanent || last ? { code: failure.code, until: batch.deps.clock.now() + deadMs(permanent) } : null;
}

/** Written before the settle: a dead row without its marker would be asked for by every viewer. */
async function writeMarkers(batch: Batch, outcomes: Map<string, Outcome>): Promise<void> {
  const { deps, connections } = batch;
  const marking = [...outcomes].map(async ([key, outcome]) => {
    const marker = markerOf(batch, key, outcome);
    if (marker === null) return;
    try {
      await deps.at("before-marker", key);
      await connections.run(() => markDead(deps.images, key, marker));
      await deps.at("marker-written", key);
    } catch (error) {
      deps.log("marker.put_failed", { key, error: errorText(error) });
      outcomes.set(key, { kind: "pending", due: deps.clock.now() + MARKER_AGAIN_MS });
    }
  });
  await Promise.all(marking);
}

async function clearStored(batch: Batch, outcomes: ReadonlyMap<string, Outcome>): Promise<void> {
  const stored = [...outcomes].filter(([, { kind }]) => kind === "stored" || kind === "present").map(([key]) => key);
  if (stored.length === 0) return;
  try {
    await batch.connections.run(() => clearMarkers(batch.deps.images, stored, stored.map(idOfKey)));
    await batch.deps.at("markers-cleared");
  } catch (error) {
    // A marker only silences asking, and runs out by itself.
    batch.deps.log("marker.delete_failed", { error: errorText(error) });
  }
}

/** The rows were purged while their objects were put: the owner, and nobody else, takes them away. */
async function deletePurged(batch: Batch, keys: readonly string[]): Promise<void> {
  const { deps, lease, connections } = batch;
  if (keys.length === 0) return;
  await deps.at("before-delete");
  // R2 deletes unconditionally: once the lease is over somebody else may have stored what counts, and the purge looks again by itself.
  if (!(await lease.ensure(LEASE_MIN_LEFT_MS))) return;
  await connections.run(() => deleteVariants(deps.images, keys));
  await deps.at("deleted");
  const purged: Record<string, Outcome> = Object.fromEntries(keys.map((key) => [key, { kind: "purged" }]));
  await lease.call("settle", () => deps.ledger.settle(lease.owner, purged));
}

/** Settles everything known so far in one call. Throws LedgerUnreachable. */
export async function settleOutcomes(batch: Batch): Promise<void> {
  const { deps, lease } = batch;
  if (batch.outcomes.size === 0) return;
  const outcomes = new Map(batch.outcomes);
  batch.outcomes.clear();
  await writeMarkers(batch, outcomes);
  await clearStored(batch, outcomes);
  await deps.at("before-settle");
  const settled = await lease.call("settle", () => deps.ledger.settle(lease.owner, Object.fromEntries(outcomes)));
  await deps.at("settled");
  for (const [key, outcome] of outcomes) deps.log("job.settled", { key, outcome: outcome.kind, answer: settled[key] });
  await deletePurged(
    batch,
    [...outcomes.keys()].filter((key) => settled[key] === "delete"),
  );
}
