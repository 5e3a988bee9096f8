import type { GateLimit, GatePatch } from "@prewarm/control-schema/gate";
import {
  allSlots,
  boundsOf,
  budgetLeft,
  closeBreaker,
  closedFor,
  dayOf,
  type Gate,
  type GateState,
  isClosedForAll,
  isFull,
  type LimitName,
  limitsOf,
  monthOf,
  pauseOf,
  probeAt,
  type Slots,
  slotsTaken,
  usedBy,
  usedToday,
} from "@prewarm/durable-queue";
import { LANES, type Lane } from "@prewarm/shared/job";
import type { ImageTx } from "../../images/image-tx.ts";
import { type BudgetSettings, budgetSettings, everyLane } from "../../queue-settings.ts";
import type { GateView } from "../calls.ts";
import { SHEDDING } from "../gate-file.ts";
import { originSentence, whyHeld } from "./held-sentence.ts";
import { slowness } from "./slowness.ts";

/** The gate in words: settings, automatic values, and every reason why jobs wait. */
export function gateView(tx: ImageTx): GateView {
  const gate = tx.gateNow;
  const slots = slotsTaken(tx);
  const { state, now } = gate;
  const limits = limitsOf(state, gate.config);
  return {
    paused: {
      live: pauseOf(gate, "live") !== null,
      upload: pauseOf(gate, "upload") !== null,
      bulk: pauseOf(gate, "bulk") !== null,
    },
    pauses: { live: pauseOf(gate, "live"), upload: pauseOf(gate, "upload"), bulk: pauseOf(gate, "bulk") },
    undo: state.before === null ? null : { at: state.before.at, who: state.before.who },
    breaker: breakerView(state, now),
    rate: { perSecond: limits.ratePerSecond, burst: limits.burst },
    concurrency: limits.concurrency,
    limits: {
      rate: limitView(gate, "ratePerSecond", limits.ratePerSecond),
      concurrency: limitView(gate, "concurrency", limits.concurrency),
    },
    budget: budgetView(gate, budgetSettings(tx.site, state)),
    throttledUntil: state.throttledUntil > now ? state.throttledUntil : null,
    slots: slots.used,
    abandoned: slots.abandoned,
    reasons: reasons(tx, slots),
    updatedAt: state.updatedAt,
  };
}

function breakerView({ breaker }: GateState, now: number): GateView["breaker"] {
  const { reason, status } = breaker;
  if (breaker.state === "closed") return { state: "closed", reason, status, since: null, probeAt: null };
  const state = now >= breaker.until ? "half-open" : "open";
  return { state, reason, status, since: breaker.since, probeAt: breaker.until };
}

function limitView({ state, config }: Gate, name: LimitName, value: number): GateLimit {
  const bounds = boundsOf(state, config, name);
  if (bounds === null) {
    const mode = typeof state.overrides[name] === "number" ? "pinned" : "configured";
    return { mode, value, min: null, max: null, why: null, since: null };
  }
  const found = state.auto[name];
  const { min, max } = bounds;
  return { mode: "auto", value, min, max, why: found?.why ?? null, since: found?.since ?? null };
}

function budgetView(gate: Gate, settings: BudgetSettings): GateView["budget"] {
  const { monthlyJobs, warmingShare, liveShare, liveDayShare, alertLevels } = settings;
  const usedByLane = everyLane(usedBy(gate), 0);
  const today = everyLane(usedToday(gate), 0);
  const used = allOf(usedByLane);
  const passed = monthlyJobs === null ? [] : alertLevels.filter((level) => used >= level * monthlyJobs);
  return {
    monthlyJobs,
    warmingShare,
    liveShare,
    liveDayShare,
    alertLevels: [...alertLevels],
    month: monthOf(gate.now),
    used,
    usedByLane,
    left: { live: jobsLeft(gate, "live"), warming: jobsLeft(gate, "bulk") },
    usedToday: allOf(today),
    liveToday: today.live,
    alert: passed.length === 0 ? null : Math.max(...passed),
    exhausted: { live: budgetLeft(gate, "live") <= 0, warming: budgetLeft(gate, "upload") <= 0 },
  };
}

function jobsLeft(gate: Gate, lane: Lane): number | null {
  const left = budgetLeft(gate, lane);
  return left === Number.POSITIVE_INFINITY ? null : Math.max(0, left);
}

function allOf({ live, upload, bulk }: Record<Lane, number>): number {
  return live + upload + bulk;
}

function reasons(tx: ImageTx, slots: Slots): GateView["reasons"] {
  const gate = tx.gateNow;
  const { state, now } = gate;
  const { shed } = tx.imageMemory;
  const found: GateView["reasons"] = [];
  const add = (lane: Lane | null, code: string, message: string, until: number | null) =>
    found.push({ lane, code, message, until });
  for (const lane of LANES) {
    const held = closedFor(gate, lane);
    if (held?.code === "paused" || held?.code === "budget") add(lane, held.code, whyHeld(gate, lane, held), held.until);
  }
  if (isClosedForAll(gate)) {
    const held = { code: "restored", until: state.closedUntil } as const;
    add(null, held.code, whyHeld(gate, "live", held), held.until);
  }
  if (state.breaker.state === "open")
    add(null, "breaker", state.breaker.reason ?? "The breaker is open.", state.breaker.until);
  if (state.throttledUntil > now) add(null, "throttled", "Ittybit asked to wait (Retry-After).", state.throttledUntil);
  for (const [origin, breaker] of Object.entries(state.origins))
    if (probeAt(breaker) > now) add(null, "origin", originSentence(origin, breaker), probeAt(breaker));
  const slow = slowness(tx);
  if (slow !== null) add(null, "slow", slow.sentence, null);
  if (shed.until > now) add("live", "shed", SHEDDING, shed.until);
  if (isFull(gate, "live", slots)) add(null, "concurrency", allTaken(gate, slots), null);
  else if (isFull(gate, "bulk", slots))
    add("bulk", "concurrency", "The slots left are kept for viewers and uploads.", null);
  return found;
}

function allTaken(gate: Gate, { unreported }: Slots): string {
  const taken = `All ${allSlots(gate)} slots at Ittybit are taken.`;
  if (unreported === 0) return taken;
  return `${taken} The job of ${unreported} of them is unknown: the ledger looks in Ittybit's list.`;
}

/**
 * Applies an operator's change, which holds from the next POST on. Answers what it has changed, and the earlier values
 * under the same names (`before`), for the log. Null: everything was so already.
 */
export function patchGate(tx: ImageTx, patch: GatePatch, who: string): Record<string, unknown> | null {
  const gate = tx.gateNow;
  const { state } = gate;
  const undone = patch.undo !== undefined && undo(gate, patch.undo) ? { undo: patch.undo } : {};
  const wanted = differing(tx, patch);
  const spent = countSpent(gate, patch.spent ?? {});
  const changed = { ...undone, ...wanted, ...(spent === 0 ? {} : { spent }) };
  if (Object.keys(changed).length === 0) return null;
  const { pauses, overrides } = state;
  const isUndoable = [wanted.paused, wanted.rate, wanted.concurrency, wanted.budget].some((part) => part !== undefined);
  if (isUndoable) state.before = { at: gate.now, who, pauses: { ...pauses }, overrides: { ...overrides } };
  const before = valuesOf(tx, wanted);
  for (const lane of LANES) pause(gate, lane, wanted.paused?.[lane], who);
  if (wanted.breaker) closeBreaker(gate);
  const { perSecond, burst } = speedOf(wanted);
  if (perSecond !== undefined) overrides.ratePerSecond = perSecond;
  if (burst !== undefined) overrides.burst = burst;
  if (wanted.concurrency !== undefined) overrides.concurrency = wanted.concurrency;
  if (wanted.budget) overrides.budget = { ...overrides.budget, ...wanted.budget };
  state.updatedAt = gate.now;
  return { ...changed, before };
}

/**
 * Counts jobs of this month's days that another ledger granted. A day then has at least so many, so a repeat adds none.
 * Answers how many were added.
 */
function countSpent({ use, now }: Gate, days: Readonly<Record<string, Record<Lane, number>>>): number {
  let added = 0;
  for (const [day, jobs] of Object.entries(days)) {
    if (!day.startsWith(monthOf(now)) || day > dayOf(now)) continue;
    const used = everyLane(use.of(day), 0);
    for (const lane of LANES) {
      const missing = Math.max(0, jobs[lane] - used[lane]);
      if (missing > 0) use.add(lane, day, missing);
      added += missing;
    }
  }
  return added;
}

/** Puts back what stood before the change of a time, Unix ms. False: that is not the last change. */
function undo({ state }: Gate, at: number): boolean {
  const { before } = state;
  if (before === null || before.at !== at) return false;
  Object.assign(state, { pauses: before.pauses, overrides: before.overrides, before: null });
  return true;
}

/** The parts of a patch that are not so already. */
function differing(tx: ImageTx, { paused = {}, breaker, rate, concurrency, budget = {} }: GatePatch): GatePatch {
  const gate = tx.gateNow;
  const lanes = LANES.filter((lane) => paused[lane] !== undefined && !isPausedSo(gate, lane, paused[lane]));
  const { perSecond, burst } = speedOf({ rate });
  const speed = {
    ...(isSet(gate, "ratePerSecond", perSecond) ? {} : { perSecond }),
    ...(isSet(gate, "burst", burst) ? {} : { burst }),
  };
  const now = budgetSettings(tx.site, gate.state);
  const isSame = (name: keyof BudgetSettings) => JSON.stringify(now[name]) === JSON.stringify(budget[name]);
  const names = (Object.keys(budget) as (keyof BudgetSettings)[]).filter((name) => !isSame(name));
  return {
    ...(lanes.length === 0 ? {} : { paused: Object.fromEntries(lanes.map((lane) => [lane, paused[lane]])) }),
    ...(breaker === undefined || gate.state.breaker.state === "closed" ? {} : { breaker }),
    ...(Object.keys(speed).length === 0 ? {} : { rate: typeof rate === "object" ? speed : rate }),
    ...(isSet(gate, "concurrency", concurrency) ? {} : { concurrency }),
    ...(names.length === 0 ? {} : { budget: Object.fromEntries(names.map((name) => [name, budget[name]])) }),
  };
}

/** A rate by itself is the rate per second. */
function speedOf({ rate }: Pick<GatePatch, "rate">): Exclude<GatePatch["rate"], number | "auto" | undefined> {
  return typeof rate === "object" ? rate : rate === undefined ? {} : { perSecond: rate };
}

/** Whether a limit has this value already. Undefined: no value is asked for. */
function isSet({ state, config }: Gate, name: LimitName | "burst", wanted: number | "auto" | undefined): boolean {
  return wanted === undefined || (state.overrides[name] ?? config.gate[name]) === wanted;
}

type PauseWish = NonNullable<GatePatch["paused"]>[Lane];

/** Whether a lane runs, or is paused, as is wanted. A pause without a reason or an end keeps those that it has. */
function isPausedSo(gate: Gate, lane: Lane, wanted: PauseWish): boolean {
  const now = pauseOf(gate, lane);
  if (typeof wanted !== "object") return (wanted === true) === (now !== null);
  const { reason = null, until = null } = wanted;
  return now?.reason === reason && now.until === until;
}

function pause({ state, now }: Gate, lane: Lane, wanted: PauseWish, who: string): void {
  if (wanted === undefined) return;
  if (wanted === false) delete state.pauses[lane];
  else {
    const { reason = null, until = null } = wanted === true ? {} : wanted;
    state.pauses[lane] = { who, since: now, reason, until };
  }
}

/** The current values of the fields of a patch. */
function valuesOf({ gateNow: gate, site }: ImageTx, patch: GatePatch): Record<string, unknown> {
  const { ratePerSecond, burst, concurrency } = limitsOf(gate.state, gate.config);
  const budget = budgetSettings(site, gate.state);
  const lanes = LANES.filter((lane) => patch.paused?.[lane] !== undefined);
  const named = Object.keys(patch.budget ?? {}) as (keyof BudgetSettings)[];
  return {
    ...(patch.paused ? { paused: Object.fromEntries(lanes.map((lane) => [lane, pauseOf(gate, lane) !== null])) } : {}),
    ...(patch.rate === undefined ? {} : { rate: { perSecond: ratePerSecond, burst } }),
    ...(patch.concurrency === undefined ? {} : { concurrency }),
    ...(patch.budget ? { budget: Object.fromEntries(named.map((name) => [name, budget[name]])) } : {}),
  };
}
