import { type MissMessage, missMessage } from "@prewarm/shared/messages";
import type { Original } from "@prewarm/shared/source";
import type { MissDetail, RequestContext } from "../request-context.ts";
import { attempt, withTimeLimit } from "../time-limit.ts";
import { REPEAT_MS, windowMs } from "./asked-lately.ts";
import { clientNetwork, isOverLimit } from "./over-limit.ts";
import { findSkipReason } from "./skip-reason.ts";

/** Shares of the budget. The queue is given more: what it says is the answer's `detail`, and sends of 100 ms are common. */
const NOTE_SHARE = 0.1;
const SEND_SHARE = 0.25;
/** Of the last the consumer has so much to record the miss: a call and its ledger's transaction. */
const CALL_SHARE = 0.15;

/**
 * Asks for the missed variant: at most one message per data centre and window. Returns what became of it. HEAD comes from crawlers and
 * monitors, who only look, so it asks for nothing and reads nothing: it is told what this isolate remembers, else null. `isKnown`: the image
 * is known to exist.
 */
export async function askOnce(
  context: RequestContext,
  original: Original,
  isKnown: boolean,
): Promise<MissDetail | null> {
  const { target, edge } = context;
  const { askedLately } = edge;
  const now = edge.clock.now();
  const recalled = askedLately.recall(target.key, now);
  if (recalled !== null || context.method === "HEAD") return recalled;
  // Has blanks, which no variant's key has.
  const network = `from ${clientNetwork(context)} ${isKnown}`;
  // No marker is read for a network that the limiter has just refused, and its keys take no place in memory.
  if (askedLately.recall(network, now) !== null) return "capped";
  // There is no await between looking and taking: of simultaneous misses exactly one goes on.
  const before = askedLately.takeTurn(target.key, now);
  const read = await withTimeLimit(() => askedLately.readNote(target.origin, target.key), context.left(NOTE_SHARE));
  const note = read.ok ? read.value : null;
  if (note !== null && edge.clock.now() < note.silentUntil) {
    askedLately.keep(target.key, { ...note, detail: "pending" });
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
  // Another viewer may still ask for it.
  askedLately.keep(target.key, { detail: "capped", timesAsked, silentUntil: edge.clock.now() });
  return "capped";
}

/**
 * Takes one of the messages that the client's network may cause in this minute: how many it has asked for lately before, or null when it may
 * cause no more, which is remembered for a moment. Of unknown ids, which anybody can make up, far fewer are too many.
 */
async function takeShare(context: RequestContext, network: string, isKnown: boolean): Promise<number | null> {
  const { askedLately, limit, unknownLimit, clock } = context.edge;
  const isOver = await isOverLimit(context, isKnown ? limit : unknownLimit);
  const now = clock.now();
  const nth = askedLately.takeTurn(network, now);
  askedLately.keep(network, { detail: "capped", timesAsked: nth + 1, silentUntil: isOver ? now + REPEAT_MS : now });
  return isOver ? null : nth;
}

function repeatFor({ target, edge }: RequestContext, detail: MissDetail, timesAsked: number): MissDetail {
  edge.askedLately.keep(target.key, { detail, timesAsked, silentUntil: edge.clock.now() + REPEAT_MS });
  return detail;
}

/**
 * Sends the message while the viewer waits, but not for long: past the limit the viewer is told `unavailable`, since nothing is known,
 * and the send goes on in the background. Record and note are set before the send, so that others keep silent meanwhile, and taken
 * back if it fails.
 */
async function send(
  context: RequestContext,
  before: number,
  more: Parameters<typeof missMessage>[2],
): Promise<MissDetail> {
  const { target, edge, background } = context;
  const { askedLately } = edge;
  const now = edge.clock.now();
  const note = { timesAsked: before + 1, silentUntil: now + windowMs(before + 1) };
  askedLately.keep(target.key, { ...note, detail: "pending" });
  const sending = attempt(() => ask(context, missMessage(target.key, now, more)));
  const noting = attempt(() => askedLately.putNote(target.origin, target.key, note, now));
  background(takeBackIfFailed(context, before, sending, noting));
  const result = await withTimeLimit(() => sending, context.left(SEND_SHARE));
  context.mark("queue");
  return result.ok && result.value ? "enqueued" : "unavailable";
}

/**
 * Calls the consumer, which makes the variant at once. The message is sent where the ledger has not recorded the miss in time. Unknown images,
 * which anybody can make up, wait in the queue, where one handler looks at the originals of a hundred.
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
  await attempt(() => edge.askedLately.deleteNote(target.origin, target.key));
}
