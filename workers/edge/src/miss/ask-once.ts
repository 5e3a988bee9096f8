import { missMessage } from "@prewarm/shared/messages";
import type { Original } from "@prewarm/shared/source";
import type { Visit } from "../request-context.ts";
import { within } from "../time-limit.ts";
import { type Detail, windowMs } from "./asked-lately.ts";
import { deleteAsked, putAsked, readAsked } from "./asked-marker.ts";
import { findObstacle } from "./skip-reason.ts";

/** Longest waits in ms. The queue is given more: what it says is the answer's `detail`, and sends of 100 ms are common. */
const MARKER_WAIT_MS = 100;
const LIMIT_WAIT_MS = 50;
const SEND_WAIT_MS = 250;
/** For this long an isolate repeats what it just found out, in ms: spares R2 under load, and still lets an upload clear a marker at once. */
const REPEAT_MS = 1_000;

/**
 * Asks for the missed variant: at most one message per data centre and window. Returns what became of it. HEAD is how crawlers and
 * monitors look, and looking orders nothing: it is told what is known, or null when GET would ask.
 */
export async function enqueueMiss(visit: Visit, original: Original): Promise<Detail | null> {
  const { ask, edge } = visit;
  const now = edge.clock.now();
  if (ask.method === "HEAD") return edge.memory.recall(ask.key, now) ?? findObstacle(visit, original);
  // Nothing is awaited between asking the memory and its being set: of simultaneous misses exactly one goes on.
  const claim = edge.memory.claim(ask.key, now);
  if (!claim.mine) return claim.detail;
  const marker = await within(() => readAsked(edge.cache, ask.origin, ask.key), visit.left(MARKER_WAIT_MS));
  const known = marker.ok ? marker.value : null;
  if (known !== null && edge.clock.now() < known.silentUntil) {
    edge.memory.keep(ask.key, { ...known, detail: "pending" });
    return "pending";
  }
  const asked = Math.max(claim.asked, known?.asked ?? 0);
  const obstacle = await findObstacle(visit, original);
  if (obstacle !== null) return repeatFor(visit, obstacle, asked);
  if (await isCapped(visit)) {
    // Another viewer may still ask for it.
    edge.memory.keep(ask.key, { detail: "capped", asked, silentUntil: edge.clock.now() });
    return "capped";
  }
  return send(visit, asked);
}

function repeatFor({ ask, edge }: Visit, detail: Detail, asked: number): Detail {
  edge.memory.keep(ask.key, { detail, asked, silentUntil: edge.clock.now() + REPEAT_MS });
  return detail;
}

/** The limiter caps messages, never answers. Without an address (no proxy in front) or an answer, nobody is capped. */
async function isCapped({ ask, edge, left }: Visit): Promise<boolean> {
  const address = ask.headers.get("CF-Connecting-IP");
  const { limit } = edge;
  if (limit === null || address === null) return false;
  const outcome = await within(() => limit.limit({ key: networkOf(address) }), left(LIMIT_WAIT_MS));
  return outcome.ok && !outcome.value.success;
}

/** An IPv6 network of 64 bits is one customer's, and an IPv4 address is one. */
function networkOf(address: string): string {
  return address.includes(":") ? address.split(":").slice(0, 4).join(":") : address;
}

/**
 * The message goes out while the viewer waits, but not for long: past the limit the redirect is sent, with `unavailable` since nothing is
 * known, and the send goes on in the background. Both memories are set before the send, so that others keep silent meanwhile, and
 * taken back if it fails.
 */
async function send(visit: Visit, before: number): Promise<Detail> {
  const { ask, edge, background } = visit;
  const now = edge.clock.now();
  const marker = { asked: before + 1, silentUntil: now + windowMs(before + 1) };
  edge.memory.keep(ask.key, { ...marker, detail: "pending" });
  const sending = attempt(() => edge.live.send(missMessage(ask.key, now)));
  const marking = attempt(() => putAsked(edge.cache, ask.origin, ask.key, marker, now));
  background(settle(visit, before, sending, marking));
  const outcome = await within(() => sending, visit.left(SEND_WAIT_MS));
  visit.mark("queue");
  return outcome.ok && outcome.value ? "enqueued" : "unavailable";
}

async function settle(
  visit: Visit,
  before: number,
  sending: Promise<boolean>,
  marking: Promise<boolean>,
): Promise<void> {
  if (await sending) return void (await marking);
  repeatFor(visit, "unavailable", before);
  await marking;
  await attempt(() => deleteAsked(visit.edge.cache, visit.ask.origin, visit.ask.key));
}

async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}
