import { type MissMessage, missMessage } from "@prewarm/shared/messages";
import type { Original } from "@prewarm/shared/source";
import { REPEAT_MS } from "../hit/read-info.ts";
import type { MissDetail, RequestContext } from "../request-context.ts";
import { attempt, withTimeLimit } from "../time-limit.ts";
import { clientNetwork, isOverLimit } from "./over-limit.ts";
import { windowMs } from "./recent-misses.ts";
import { findSkipReason } from "./skip-reason.ts";

/** Shares of the budget. Sends get more: they often take 100 ms, and their result is the `detail` of the answer. */
const NOTE_SHARE = 0.1;
const SEND_SHARE = 0.25;
/** The part of SEND_SHARE for the call of the consumer, and the transaction of its ledger. */
const CALL_SHARE = 0.15;

/**
 * Asks for the missed variant: at most one message per data centre and window. Returns the detail of the miss. A HEAD
 * comes from crawlers and monitors, so it asks for no variant and reads no object: its detail is the one that this
 * isolate remembers, else null. `isKnown`: the image is known to exist.
 */
export async function askOnce(
  context: RequestContext,
  original: Original,
  isKnown: boolean,
): Promise<MissDetail | null> {
  const { target, edge } = context;
  const { recentMisses } = edge;
  const now = edge.clock.now();
  const recalled = recentMisses.get(target.key, now);
  if (recalled !== null || context.method === "HEAD") return recalled;
  // A variant's key has no blanks, so no key equals this one.
  const network = `from ${clientNetwork(context)} ${isKnown}`;
  // A network that the limiter has just refused costs no read, and no place in memory.
  if (recentMisses.get(network, now) !== null) return "capped";
  // No await stands between `get` and `claimTurn`, so of simultaneous misses exactly one goes on.
  const before = recentMisses.claimTurn(target.key, now);
  const read = await withTimeLimit(() => recentMisses.readNote(target.origin, target.key), context.left(NOTE_SHARE));
  const note = read.ok ? read.value : null;
  if (note !== null && edge.clock.now() < note.silentUntil) {
    recentMisses.keep(target.key, { ...note, detail: "pending" });
    return "pending";
  }
  const timesAsked = Math.max(before, note?.timesAsked ?? 0);
  const reason = await findSkipReason(context, original, { isKnown, timesAsked });
  if (reason !== null) return repeatFor(context, reason, timesAsked);
  const nth = await takeShare(context, network, isKnown);
  if (nth !== null) {
    const of = isKnown ? {} : { unknown: true, nth };
    return send(context, timesAsked, { ...of, signed: target.signed });
  }
  // A viewer of another network may ask for it.
  recentMisses.keep(target.key, { detail: "capped", timesAsked, silentUntil: edge.clock.now() });
  return "capped";
}

/**
 * Takes one of the messages that the client's network may cause in this minute. Answers how many it has caused lately.
 * Null: it may cause no more, which this isolate remembers for a moment. The limit for unknown ids is far lower,
 * because anybody can make them up.
 */
async function takeShare(context: RequestContext, network: string, isKnown: boolean): Promise<number | null> {
  const { recentMisses, limit, unknownLimit, clock } = context.edge;
  const isOver = await isOverLimit(context, isKnown ? limit : unknownLimit);
  const now = clock.now();
  const nth = recentMisses.claimTurn(network, now);
  recentMisses.keep(network, { detail: "capped", timesAsked: nth + 1, silentUntil: isOver ? now + REPEAT_MS : now });
  return isOver ? null : nth;
}

function repeatFor({ target, edge }: RequestContext, detail: MissDetail, timesAsked: number): MissDetail {
  edge.recentMisses.keep(target.key, { detail, timesAsked, silentUntil: edge.clock.now() + REPEAT_MS });
  return detail;
}

/**
 * Sends the message while the viewer waits. After SEND_SHARE the detail is `unavailable`, and the send goes on in the
 * background. Record and note are set before the send, so that other requests keep silent, and taken back if it fails.
 */
async function send(
  context: RequestContext,
  before: number,
  more: Parameters<typeof missMessage>[2],
): Promise<MissDetail> {
  const { target, edge, background } = context;
  const { recentMisses } = edge;
  const now = edge.clock.now();
  const note = { timesAsked: before + 1, silentUntil: now + windowMs(before + 1) };
  recentMisses.keep(target.key, { ...note, detail: "pending" });
  const sending = attempt(() => ask(context, missMessage(target.key, now, more)));
  const noting = attempt(() => recentMisses.putNote(target.origin, target.key, note, now));
  background(takeBackIfFailed(context, before, sending, noting));
  const result = await withTimeLimit(() => sending, context.left(SEND_SHARE));
  context.mark("queue");
  return result.ok && result.value ? "enqueued" : "unavailable";
}

/**
 * Calls the consumer, which makes the variant at once. Sends the message if the ledger has not recorded the miss in
 * time. Unknown images wait in the queue, where one handler checks the originals of a hundred.
 */
async function ask({ edge: { consumer, live }, left }: RequestContext, message: MissMessage): Promise<unknown> {
  const call = message.unknown ? null : () => consumer.miss(message);
  const recorded = call && (await withTimeLimit(call, left(CALL_SHARE)));
  return (recorded?.ok && recorded.value) || live.send(message);
}

async function takeBackIfFailed(
  context: RequestContext,
  before: number,
  sending: Promise<boolean>,
  noting: Promise<boolean>,
): Promise<void> {
  const { target, edge } = context;
  if (await sending) return void (await noting);
  repeatFor(context, "unavailable", before);
  await noting;
  await attempt(() => edge.recentMisses.deleteNote(target.origin, target.key));
}
