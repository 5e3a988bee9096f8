import { type DeadMarker, parseMarker } from "@prewarm/shared/markers";
import type { Original } from "@prewarm/shared/source";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { ObjectStore } from "../bindings.ts";
import type { Visit } from "../request-context.ts";
import { type Outcome, within } from "../time-limit.ts";
import type { Detail } from "./asked-lately.ts";

/** Longest wait for the markers, in ms: they only save messages, so no viewer waits long for them. */
const OBSTACLE_WAIT_MS = 200;

export type Obstacle = Extract<Detail, "dead" | "unshowable" | "missing" | "paused">;

/** The marker's code for an original that browsers do not show, found out by its bytes. */
const UNSHOWABLE = "unshowable";

/**
 * Why no message is worth sending, or null. Read side by side: they are independent, and a miss pays for one round trip. What cannot
 * be read hinders nothing.
 */
export async function findObstacle(visit: Visit, original: Original): Promise<Obstacle | null> {
  const { ask, edge } = visit;
  const now = edge.clock.now();
  const wait = visit.left(OBSTACLE_WAIT_MS);
  const [dead, missing, paused, absent] = await Promise.all([
    within(() => readMarker(edge.images, deadKey(ask.key)), wait),
    within(() => readMarker(edge.images, missingKey(ask.id)), wait),
    within(() => edge.gate.isClosed(now), wait),
    original.kind === "bucket" ? within(() => isAbsent(edge.originals(original.bucket), original.key), wait) : NO,
  ]);
  if (said(absent) || counts(missing, now)) return "missing";
  if (counts(dead, now)) return dead.value.code === UNSHOWABLE ? UNSHOWABLE : "dead";
  return said(paused) ? "paused" : null;
}

const NO: Outcome<boolean> = { ok: true, value: false };

function said(outcome: Outcome<boolean>): boolean {
  return outcome.ok && outcome.value;
}

function counts(outcome: Outcome<DeadMarker | null>, now: number): outcome is { ok: true; value: DeadMarker } {
  return outcome.ok && outcome.value !== null && now < outcome.value.until;
}

async function readMarker(images: ObjectStore, key: string): Promise<DeadMarker | null> {
  const object = await images.get(key);
  return object === null ? null : parseMarker(await object.text());
}

async function isAbsent(bucket: ObjectStore | null, key: string): Promise<boolean> {
  return bucket !== null && (await bucket.head(key)) === null;
}
