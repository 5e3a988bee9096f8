import { type DeadMarker, parseMarker } from "@prewarm/shared/markers";
import type { Original } from "@prewarm/shared/source";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { ObjectStore } from "../bindings.ts";
import type { Target } from "../request/target.ts";
import type { RequestContext } from "../request-context.ts";
import { type TimedResult, withTimeLimit } from "../time-limit.ts";
import type { MissDetail } from "./asked-lately.ts";

/** Longest wait for the markers, in ms: they only save messages, so no viewer waits long for them. */
const MARKERS_WAIT_MS = 200;

type SkipReason = Extract<MissDetail, `dead:${string}` | "missing" | "paused" | "capped">;

/** The marker's code of an image of which viewers may order nothing more today. */
const CAPPED = "capped";

/**
 * Why no message is worth sending, or null. The four reads do not depend on each other and run side by side, so a miss pays for one
 * round trip. A read that fails is no reason. `isKnown`: the image is known to exist.
 */
export async function findSkipReason(
  context: RequestContext,
  original: Original,
  isKnown: boolean,
): Promise<SkipReason | null> {
  const { target, edge } = context;
  const now = edge.clock.now();
  const wait = context.left(MARKERS_WAIT_MS);
  const [dead, missing, gate, absent] = await Promise.all([
    withTimeLimit(() => readMarker(edge.images, deadKey(target.key)), wait),
    withTimeLimit(() => readMarker(edge.images, missingKey(target.id)), wait),
    withTimeLimit(() => edge.gate.read(now), wait),
    original.kind === "bucket"
      ? withTimeLimit(() => isAbsent(edge.originals(original.bucket), original.key), wait)
      : NOT_ABSENT,
  ]);
  if (isTrue(absent)) return "missing";
  if (isInForce(missing, now)) return missing.value.code === CAPPED ? CAPPED : "missing";
  if (isInForce(dead, now)) return `dead:${dead.value.code}`;
  if (gate.ok && gate.value.closed) return "paused";
  return gate.ok && gate.value.quiet && isMadeUp(target, isKnown) ? "capped" : null;
}

const NOT_ABSENT: TimedResult<boolean> = { ok: true, value: false };

/** Whether anybody could have made up what is asked for: an id, or a version that no signature vouches for. */
function isMadeUp({ version, signed }: Target, isKnown: boolean): boolean {
  return !isKnown || (version !== null && !signed);
}

function isTrue(result: TimedResult<boolean>): boolean {
  return result.ok && result.value;
}

function isInForce(result: TimedResult<DeadMarker | null>, now: number): result is { ok: true; value: DeadMarker } {
  return result.ok && result.value !== null && now < result.value.until;
}

async function readMarker(images: ObjectStore, key: string): Promise<DeadMarker | null> {
  const object = await images.get(key);
  return object === null ? null : parseMarker(await object.text());
}

async function isAbsent(bucket: ObjectStore | null, key: string): Promise<boolean> {
  return bucket !== null && (await bucket.head(key)) === null;
}
