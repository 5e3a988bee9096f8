import { parseMarker } from "@prewarm/shared/markers";
import type { Original } from "@prewarm/shared/source";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { MissDetail, RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";

/** Share of the budget for the marker and the gate file. It is small, because they only save messages. */
const MARKERS_SHARE = 0.2;

type SkipReason = Extract<MissDetail, `dead:${string}` | "missing" | "paused" | "capped">;

/** How well the image is known, and how often the edge has asked for this variant. */
export interface Asked {
  /** A variant of the image is stored. */
  isKnown: boolean;
  /** Messages that this data centre has sent in a row. */
  timesAsked: number;
}

/**
 * Why a message would be useless. Null: it would not. Reads one object at most, beside the gate file. A read that fails
 * is no reason.
 */
export async function findSkipReason(
  context: RequestContext,
  original: Original,
  asked: Asked,
): Promise<SkipReason | null> {
  const { target, edge } = context;
  const now = edge.clock.now();
  const wait = context.left(MARKERS_SHARE);
  const [found, gate] = await Promise.all([
    withTimeLimit(() => look(context, original, asked), context.reads.left > 0 ? wait : 0),
    withTimeLimit(() => edge.gate.read(now), wait),
  ]);
  if (found.ok && found.value !== null) return found.value;
  if (gate.ok && gate.value.closed) return "paused";
  return gate.ok && gate.value.shed && !target.signed ? "capped" : null;
}

/**
 * The read that most likely saves the message. For the first message: of an unknown id the bucket's object, or the
 * image's marker; of a known image the variant's marker. Then alternates between the two markers, because either may
 * explain the last message.
 */
async function look(
  { target, edge, reads }: RequestContext,
  original: Original,
  { isKnown, timesAsked }: Asked,
): Promise<SkipReason | null> {
  reads.left -= 1;
  const isNew = !isKnown && timesAsked === 0;
  if (isNew && original.kind === "bucket") {
    const bucket = edge.originals(original.bucket);
    return bucket !== null && (await bucket.head(original.key)) === null ? "missing" : null;
  }
  const ofImage = isNew || timesAsked % 2 === 1;
  const object = await edge.images.get(ofImage ? missingKey(target.id) : deadKey(target.key));
  // biome-ignore lint/plugin: an object that the consumer wrote
  const marker = object === null ? null : parseMarker(await object.text());
  if (marker === null || edge.clock.now() >= marker.until) return null;
  return marker.code === "missing" || marker.code === "capped" ? marker.code : `dead:${marker.code}`;
}
