import { CLAIMS_MAX, LEASE_MS, PAUSE_MS } from "@prewarm/durable-queue";
import { SUBREQUESTS_MAX } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { versionPrefix } from "@prewarm/shared/variant-key";
import type { MissAsk } from "../images/calls.ts";
import type { ExchangeAnswer, ExchangeRequest } from "../ledger/calls.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { CHECKING_MS, LAST_WAIT_MS, LIVE_SHIFT_MS, SHIFT_MS, VIEWER_SHIFT_MS } from "../times.ts";
import { type BatchContext, inSpan, namesOf, type Role } from "./batch-context.ts";
import { checkInTurn, tellCapped } from "./check-existence.ts";
import { finishJob } from "./finish-job.ts";
import { type HeldClaim, stagedNameOf } from "./held-claims.ts";
import { prepare } from "./prepare.ts";
import { putBack } from "./same-variant.ts";
import { settle, tellPages } from "./settle.ts";
import { submitJob } from "./submit-job.ts";

type Answered = Extract<ExchangeAnswer, { status: "ok" }>;

/** A worker takes nothing new in the last part of its shift. */
const DRAIN_MS = 1_500;
/** How often a leaving handler checks whether its calls have ended. */
const LAST_LOOK_MS = 50;
/** Jobs whose calls had not ended then are due for another handler after this. */
const LEFT_AGAIN_MS = 5_000;
/** Subrequests that 40 claims may need: heads, probes, POSTs, downloads and puts, with redirects and markers. */
const CALLS_LEFT = 1_500;

/** Why a handler was called: for a batch of misses, by a wake-up, or by the edge for one miss. */
export type CalledFor = Role | "viewer";

function shiftMs(calledFor: CalledFor, random: number): number {
  if (calledFor === "urgent") return LIVE_SHIFT_MS;
  if (calledFor === "viewer") return VIEWER_SHIFT_MS;
  return SHIFT_MS.least + random * (SHIFT_MS.most - SHIFT_MS.least);
}

/** When this handler leaves. */
class Shift {
  readonly #context: BatchContext;
  readonly #calledFor: CalledFor;
  readonly #endsAt: number;
  /** Until when it drains; null while it takes work. */
  #drainsUntil: number | null = null;

  constructor(context: BatchContext, calledFor: CalledFor) {
    this.#context = context;
    this.#calledFor = calledFor;
    this.#endsAt = context.clock.now() + shiftMs(calledFor, context.clock.random());
    // A live handler never waits: it leaves as soon as nothing is under way.
    if (calledFor === "urgent") this.#drainsUntil = this.#endsAt;
  }

  /** The shift lasts seconds only. */
  get isBrief(): boolean {
    return this.#calledFor !== "work";
  }

  get draining(): boolean {
    return this.#drainsUntil !== null;
  }

  get room(): number {
    return this.draining ? 0 : Math.max(0, CLAIMS_MAX - this.#context.held.size);
  }

  note({ stay }: Answered): void {
    const { clock, counts } = this.#context;
    const short = counts.calls > SUBREQUESTS_MAX - CALLS_LEFT;
    const now = clock.now();
    if (stay && !short && now < this.#endsAt - DRAIN_MS) return;
    this.#drainsUntil ??= Math.min(this.#endsAt, now + DRAIN_MS);
  }

  get isOver(): boolean {
    const { clock, held } = this.#context;
    const isIdle = !held.isBusy && !held.hasAsks;
    // A viewer's handler without a claim leaves: wake-ups call other handlers for other jobs.
    if (this.#drainsUntil === null) return this.#calledFor === "viewer" && held.isEmpty && isIdle;
    const longer = this.#calledFor === "urgent" && held.isEmpty ? CHECKING_MS - LIVE_SHIFT_MS : 0;
    return isIdle || clock.now() >= this.#drainsUntil + longer;
  }

  /** Waits until the ledger wants the next call, or a report cannot wait, or no step is running. */
  async pause({ again, more }: Answered): Promise<void> {
    const { sleep, held } = this.#context;
    // A handler that only checks originals calls again after its first check.
    const isMute = this.draining && held.isEmpty;
    const ms = isMute ? PAUSE_MS.most : Math.min(Math.max(again, PAUSE_MS.least), PAUSE_MS.most);
    const free = () => sleep(PAUSE_MS.least).then(() => held.free());
    const enough = this.draining ? [held.idle()] : more ? [free()] : [];
    await Promise.race([sleep(ms), held.woken(), ...enough]);
  }
}

/** One call of the ledger: sends the reports, and renews the lease. */
async function exchange(
  context: BatchContext,
  shift: Shift,
  call: Pick<ExchangeRequest, "first" | "leave">,
): Promise<ExchangeAnswer> {
  const { held, clock, ledger, owner, role, counts } = context;
  const news = held.takeNews();
  await context.at("before-exchange");
  counts.exchanges += 1;
  for (const { outcome } of news.settled) counts.outcomes[outcome.kind] = (counts.outcomes[outcome.kind] ?? 0) + 1;
  const calledAt = clock.now();
  const room = shift.room;
  const answer = await ledger.exchange({
    owner,
    seq: counts.exchanges,
    role,
    brief: shift.isBrief,
    room,
    have: held.have(shift.draining),
    ...call,
    ...news,
  });
  await context.at("exchanged");
  const unnoted = held.takeUnnoted(call.leave);
  const markerNames = held.takeMarkerNames(call.leave);
  if (markerNames.length + unnoted.length > 0) held.track(tellPages(context, markerNames, unnoted));
  if (answer.status === "lost") return answer;
  context.leaseUntil = calledAt + LEASE_MS;
  context.ledgerId = answer.queueId;
  return answer;
}

/** Keeps an unexpected error of one job from the others. A job that fails so each time becomes a dead letter. */
async function guarded(context: BatchContext, claim: HeldClaim, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const failure = { code: "internal", message: errorText(error) };
    context.log("job.unexpected", { ...namesOf(claim), error: failure.message });
    await settle(context, claim, { kind: "fault", failure });
  }
}

async function standBy(context: BatchContext, claim: HeldClaim): Promise<void> {
  const prepared = await prepare(context, claim, false);
  if (prepared === null || claim.phase !== "standby" || (await putBack(context, claim, prepared))) return;
  claim.phase = "ready";
}

/** Begins the steps that the answer asks for, and waits for none. */
function begin(context: BatchContext, { stop, give, focals, announced, staging, check, capped }: Answered): void {
  const { held, role } = context;
  for (const key of check) held.track(checkInTurn(context, key));
  for (const key of capped) held.track(tellCapped(context, key));
  for (const { id, gen } of stop) held.stop(id, gen);
  for (const assignment of give) {
    const bytes = staging?.[assignment.id] ?? null;
    const ofImage = {
      focal: focals?.[assignment.id] ?? null,
      announced: announced?.[assignment.id] ?? 0,
      staging: bytes,
    };
    const claim = held.add(assignment, ofImage);
    if (claim === null) continue;
    const name = stagedNameOf(claim);
    if (name !== null) context.staged.set(versionPrefix(name.id, name.v), name);
    const step = (name: "submit" | "finish", act: () => Promise<void>) =>
      inSpan(context, claim, name, () => guarded(context, claim, act));
    if (assignment.phase === "admitted") held.track(step("submit", () => submitJob(context, claim)));
    if (assignment.phase === "finish") held.track(step("finish", () => finishJob(context, claim)));
    // A live handler leaves before a prefetched job gets a slot.
    if (assignment.phase === "standby" && role === "work")
      held.trackPreparation(guarded(context, claim, () => standBy(context, claim)));
  }
}

/** Waits for calls in flight, at most LAST_WAIT_MS. */
async function waitWhile({ clock, sleep }: BatchContext, isUnderWay: () => boolean): Promise<void> {
  const until = clock.now() + LAST_WAIT_MS;
  while (isUnderWay() && clock.now() < until) await sleep(LAST_LOOK_MS);
}

/** Drops all claims, because the lease is lost. Reports the jobs that were made all the same. */
async function stopAll(context: BatchContext, shift: Shift): Promise<void> {
  const { held } = context;
  const posting = held.begun().filter(({ phase }) => phase === "admitted");
  held.dropAll();
  await waitWhile(context, () => posting.some(({ answered }) => !answered));
  if (held.hasSubmitted) await exchange(context, shift, { first: false, leave: true });
}

async function leave(context: BatchContext, shift: Shift): Promise<void> {
  const { held, clock } = context;
  held.returnUnbegun();
  await waitWhile(context, () => held.begun().length > 0);
  held.leavePending(clock.now() + LEFT_AGAIN_MS);
  await context.at("before-leave");
  await exchange(context, shift, { first: false, leave: true });
  await waitWhile(context, () => context.telling > 0);
  await context.at("left");
}

/** Calls the ledger until the shift is over. */
async function loop(context: BatchContext, shift: Shift, first: ExchangeAnswer): Promise<void> {
  let answer = first;
  while (answer.status === "ok") {
    begin(context, answer);
    shift.note(answer);
    await shift.pause(answer);
    if (shift.isOver) return leave(context, shift);
    answer = await exchange(context, shift, { first: false, leave: false });
  }
  await stopAll(context, shift);
}

/**
 * The life of a handler: it calls the ledger and begins the steps of the answer, again and again, until there is no
 * more work or its shift ends. Resolves when the ledger has recorded the misses, to the rest of that life. Throws
 * LedgerUnavailable if the first call has no answer. If a later call has none, the handler leaves, and its lease ends
 * by itself.
 */
export async function beginWork(
  context: BatchContext,
  asks: readonly MissAsk[],
  calledFor: CalledFor = context.role,
): Promise<() => Promise<void>> {
  for (const miss of asks) context.held.ask(miss);
  // R2 has just told the edge that it has no such object.
  if (calledFor === "viewer") for (const { key, at } of asks) context.seenAbsent.set(key, at);
  const shift = new Shift(context, calledFor);
  const answer = await exchange(context, shift, { first: true, leave: false });
  return async () => {
    try {
      await loop(context, shift, answer);
    } catch (error) {
      context.held.dropAll();
      if (!(error instanceof LedgerUnavailable)) throw error;
      context.log("batch.given_up", { owner: context.owner, error: errorText(error) });
    }
  };
}
