import { errorText } from "@prewarm/shared/log";
import { type DeadMarker, deadMs } from "@prewarm/shared/markers";
import type { Transform } from "@prewarm/shared/transform";
import type { VariantOutcome } from "../images/calls.ts";
import type { Turn } from "../platform/semaphore.ts";
import { maxAttemptsOf } from "../queue-settings.ts";
import { type GoneVariants, type Noted, type NotedImage, noteGone, noteStored } from "../store/info.ts";
import { SAME_KEY_MS } from "../store/make-pass.ts";
import { clearOldMarkers, markDead } from "../store/markers.ts";
import type { StoredObject } from "../store/variants.ts";
import { type BatchContext, lookAt, namesOf, RANKS, rankOf } from "./batch-context.ts";
import type { HeldClaim } from "./held-claims.ts";
import { copyOriginal } from "./original-copy.ts";

/** A job is due again after this if R2 did not answer. */
export const STORE_AGAIN_MS = 15_000;

/** The marker that tells the edge that this variant's job is dead. Null: it is not. */
function markerOf(context: BatchContext, claim: HeldClaim, outcome: VariantOutcome): DeadMarker | null {
  if (outcome.kind !== "failed" && outcome.kind !== "unclear" && outcome.kind !== "fault") return null;
  const last = claim.assignment.attempts + 1 >= maxAttemptsOf(context.config);
  const permanent = outcome.kind === "failed" && outcome.class === "permanent";
  return permanent || last ? { code: outcome.failure.code, until: context.clock.now() + deadMs(permanent) } : null;
}

/** Writes the marker before the outcome is reported: each view of a dead variant without a marker would be a miss. */
async function withMarker(context: BatchContext, claim: HeldClaim, outcome: VariantOutcome): Promise<VariantOutcome> {
  const { key } = claim;
  const marker = markerOf(context, claim, outcome);
  // A missing original has a marker already.
  const refused = outcome.kind === "refused" && outcome.code !== "missing" ? outcome : null;
  if (marker === null && refused === null) return outcome;
  try {
    await context.at("before-marker", key);
    if (refused !== null) await context.markRefused(claim.image, { code: refused.code, until: refused.until });
    if (marker !== null)
      await context.connections.run(() => markDead(context.images, key, marker), { rank: rankOf(claim, "result") });
    await context.at("marker-written", key);
    return outcome;
  } catch (error) {
    context.log("marker.put_failed", { key, error: errorText(error) });
    return { kind: "pending", due: context.clock.now() + STORE_AGAIN_MS };
  }
}

function logFailure(context: BatchContext, claim: HeldClaim, outcome: VariantOutcome): void {
  const job = { ...namesOf(claim), outcome: outcome.kind };
  if (outcome.kind === "failed" || outcome.kind === "unclear")
    context.log("job.failed", { ...job, attempt: claim.assignment.attempts + 1, ...outcome.failure });
  if (outcome.kind === "pending" && outcome.unfetched !== undefined)
    context.log("result.unfetched", { ...job, ...outcome.unfetched, due: outcome.due });
  if (outcome.kind === "account") context.log("job.failed", { ...job, ...outcome });
  if (outcome.kind === "throttled") context.log("job.failed", { ...job, until: outcome.until });
}

/** The outcome of a variant that R2 has. */
export function present({ gen, bytes }: Pick<StoredObject, "gen" | "bytes">, posted: boolean): VariantOutcome {
  return { kind: "present", objectGen: gen, bytes, posted };
}

/** Ends this handler's work on a claim. The next call reports the outcome. */
export async function settle(context: BatchContext, claim: HeldClaim, outcome: VariantOutcome): Promise<void> {
  if (claim.isDropped) return;
  logFailure(context, claim, outcome);
  context.held.settle(claim, await withMarker(context, claim, outcome));
}

/**
 * Deletes old markers of stored variants, and writes the notes of their images. No job depends on either: a marker ends
 * by itself, and the doctor writes notes that are missing. `markerNames`: names of markers that may exist.
 */
export async function tellPages(
  context: BatchContext,
  markerNames: readonly string[],
  unnoted: readonly Noted[],
): Promise<void> {
  context.telling += 1;
  try {
    // With the rank of heads: calls for jobs with a slot go first, and with many notes fewer jobs begin.
    const connections = { run: <T>(work: () => Promise<T>) => context.connections.run(work, { rank: RANKS.head }) };
    await clearOldMarkers({ images: context.images, connections }, markerNames);
    await context.at("markers-cleared");
    const memory = {
      run: <T>(work: () => Promise<T>, turn: Turn = {}) => context.memory.run(work, { ...turn, rank: RANKS.head }),
    };
    const looks = {
      probe: (image: Pick<NotedImage, "id" | "v">) => lookAt(context, image, RANKS.head),
      copyOriginal: (image: NotedImage, variants: readonly Transform[]) => copyOriginal(context, image, variants),
    };
    await noteStored({ ...context, connections, memory, ...looks }, unnoted);
  } catch (error) {
    context.log("marker.delete_failed", { error: errorText(error) });
  } finally {
    context.telling -= 1;
  }
}

/**
 * Corrects notes: adds stored variants, and removes those that are gone. Waits first, for a note may have been put just before
 * it was listed, and R2 takes one write of a key a second. Never throws.
 */
export async function mendNotes(
  context: BatchContext,
  wrong: readonly { noted: readonly Noted[]; gone: GoneVariants | null }[],
): Promise<void> {
  if (wrong.length > 0) await context.sleep(SAME_KEY_MS);
  for (const { gone, noted } of wrong) {
    if (gone === null) continue;
    try {
      const isPut = await noteGone(context, gone);
      // tellPages puts the same note again.
      if (isPut && noted.length > 0) await context.sleep(SAME_KEY_MS);
    } catch (error) {
      context.log("info.put_failed", { key: gone.id, error: errorText(error) });
    }
  }
  await tellPages(
    context,
    [],
    wrong.flatMap(({ noted }) => noted),
  );
}
