import { type DeadMarker, parseMarker } from "@prewarm/shared/markers";
import type { Original } from "@prewarm/shared/source";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { ObjectStore } from "../bindings.ts";
import type { RequestContext } from "../request-context.ts";
import { type TimedResult, withTimeLimit } from "../time-limit.ts";
import type { MissDetail } from "./asked-lately.ts";

/** Longest wait for the markers, in ms: they only save messages, so no viewer waits long for them. */
const MARKERS_WAIT_MS = 200;

type SkipReason = Extract<MissDetail, "dead" | "unshowable" | "missing" | "paused">;

/** The marker's code for an original that browsers do not show, found out by its bytes. */
const UNSHOWABLE = "unshowable";

/**
 * Why no message is worth sending, or null. The four reads do not depend on each other and run side by side, so a miss pays for one
 * round trip. A read that fails is no reason.
 */
export async function findSkipReason(context: RequestContext, original: Original): Promise<SkipReason | null> {
  const { target, edge } = context;
  const now = edge.clock.now();
  const wait = context.left(MARKERS_WAIT_MS);
  const [dead, missing, paused, absent] = await Promise.all([
    withTimeLimit(() => readMarker(edge.images, deadKey(target.key)), wait),
    withTimeLimit(() => readMarker(edge.images, missingKey(target.id)), wait),
    withTimeLimit(() => edge.gate.isClosed(now), wait),
    original.kind === "bucket"
      ? withTimeLimit(() => isAbsent(edge.originals(original.bucket), original.key), wait)
      : NOT_ABSENT,
  ]);
  if (isTrue(absent) || isInForce(missing, now)) return "missing";
  if (isInForce(dead, now)) return dead.value.code === UNSHOWABLE ? UNSHOWABLE : "dead";
  return isTrue(paused) ? "paused" : null;
}

const NOT_ABSENT: TimedResult<boolean> = { ok: true, value: false };

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
