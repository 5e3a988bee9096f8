import type { GateLimit, GatePatch } from "@prewarm/control-schema/gate";
import {
  budgetLeft,
  closeBreaker,
  closedFor,
  isFull,
  isHeldBack,
  liveToday,
  pauseOf,
  slotsOf,
  usedBy,
  usedToday,
} from "@prewarm/durable-queue/admission/gate";
import { whyHeld } from "@prewarm/durable-queue/admission/held-sentence";
import { type Slots, slotsTaken } from "@prewarm/durable-queue/admission/slots";
import type { Gate } from "@prewarm/durable-queue/schema/gate-memory";
import {
  boundsOf,
  type GateSettings,
  type GateState,
  type LimitName,
  monthOf,
  settingsOf,
} from "@prewarm/durable-queue/schema/gate-state";
import { LANES, type Lane } from "@prewarm/shared/job";
import type { GateView } from "../contract.ts";
import { SHEDDING } from "../gate-file.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import { slowness } from "./late-jobs.ts";

/** The gate in words: settings, automatic values, and every reason why jobs wait. */
export function gateView(tx: LedgerTx): GateView {
  const gate = tx.gateNow;
  const slots = slotsTaken(tx);
  const { state, now } = gate;
  const settings = settingsOf(state, gate.config);
  return {
    paused: {
      live: pauseOf(gate, "live") !== null,
      upload: pauseOf(gate, "upload") !== null,
      bulk: pauseOf(gate, "bulk") !== null,
    },
    pauses: { live: pauseOf(gate, "live"), upload: pauseOf(gate, "upload"), bulk: pauseOf(gate, "bulk") },
    undo: state.before === null ? null : { at: state.before.at, who: state.before.who },
    breaker: breakerView(state, now),
    rate: { perSecond: settings.ratePerSecond, burst: settings.burst },
    concurrency: settings.concurrency,
    limits: {
      rate: limitView(gate, "ratePerSecond", settings.ratePerSecond),
      concurrency: limitView(gate, "concurrency", settings.concurrency),
    },
    budget: budgetView(gate, settings),
    throttledUntil: state.throttledUntil > now ? state.throttledUntil : null,
    slots: slots.used,
    abandoned: slots.abandoned,
    reasons: reasons(gate, slots, slowness(tx)),
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
  return { mode: "auto", value, ...bounds, why: found?.why ?? null, since: found?.since ?? null };
}

function budgetView(gate: Gate, settings: GateSettings): GateView["budget"] {
  const { monthlyJobs, warmingShare, liveShare, liveDayShare, alertLevels } = settings;
  const usedByLane = { ...usedBy(gate) };
  const used = allOf(usedByLane);
  const passed = monthlyJobs === null ? [] : alertLevels.filter((level) => used >= level * monthlyJobs);
  return {
    ...{ monthlyJobs, warmingShare, liveShare, liveDayShare, alertLevels: [...alertLevels] },
    ...{
      month: monthOf(gate.now),
      used,
      usedByLane,
      left: { live: jobsLeft(gate, "live"), warming: jobsLeft(gate, "bulk") },
      usedToday: allOf(usedToday(gate)),
      liveToday: liveToday(gate).used,
    },
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

function reasons(gate: Gate, slots: Slots, slow: string | null): GateView["reasons"] {
  const { state, now } = gate;
  const found: GateView["reasons"] = [];
  const add = (lane: Lane | null, code: string, message: string, until: number | null) =>
    found.push({ lane, code, message, until });
  for (const lane of LANES) {
    const held = closedFor(gate, lane);
    if (held?.code === "paused" || held?.code === "budget") add(lane, held.code, whyHeld(gate, lane, held), held.until);
  }
  if (isHeldBack(gate)) {
    const held = { code: "restored", until: state.heldUntil } as const;
    add(null, held.code, whyHeld(gate, "live", held), held.until);
  }
  if (state.breaker.state === "open")
    add(null, "breaker", state.breaker.reason ?? "The breaker is open.", state.breaker.until);
  if (state.throttledUntil > now) add(null, "throttled", "Ittybit asked to wait (Retry-After).", state.throttledUntil);
  if (slow !== null) add(null, "slow", slow, null);
  if (state.shed.until > now) add("live", "shed", SHEDDING, state.shed.until);
  if (isFull(gate, "live", slots)) add(null, "concurrency", allTaken(gate, slots), null);
  else if (isFull(gate, "bulk", slots))
    add("bulk", "concurrency", "The slots left are kept for viewers and uploads.", null);
  return found;
}

function allTaken(gate: Gate, { unreported }: Slots): string {
  const taken = `All ${slotsOf(gate, "live")} slots at Ittybit are taken.`;
  if (unreported === 0) return taken;
  return `${taken} The job of ${unreported} of them is unknown: the ledger looks in Ittybit's list.`;
}

/**
 * Applies an operator's change, which holds from the next POST on. Answers the earlier values under the same names, for
 * the log.
 */
export function patchGate(gate: Gate, patch: GatePatch, who: string): Record<string, unknown> {
  const { state } = gate;
  if (patch.undo !== undefined) undo(gate, patch.undo);
  const { pauses, overrides } = state;
  const isUndoable = [patch.paused, patch.rate, patch.concurrency, patch.budget].some((part) => part !== undefined);
  if (isUndoable) state.before = { at: gate.now, who, pauses: { ...pauses }, overrides: { ...overrides } };
  const before = valuesOf(gate, patch);
  for (const lane of LANES) pause(gate, lane, patch.paused?.[lane], who);
  if (patch.breaker) closeBreaker(gate);
  const { perSecond, burst } =
    typeof patch.rate === "object" ? patch.rate : { perSecond: patch.rate, burst: undefined };
  if (perSecond !== undefined) overrides.ratePerSecond = perSecond;
  if (burst !== undefined) overrides.burst = burst;
  if (patch.concurrency !== undefined) overrides.concurrency = patch.concurrency;
  if (patch.budget) Object.assign(overrides, patch.budget);
  state.updatedAt = gate.now;
  return before;
}

function undo({ state }: Gate, at: number): void {
  const { before } = state;
  if (before === null || before.at !== at) return;
  Object.assign(state, { pauses: before.pauses, overrides: before.overrides, before: null });
}

/** A paused lane keeps its operator and time, unless the patch has a reason or an end. */
function pause(gate: Gate, lane: Lane, wanted: NonNullable<GatePatch["paused"]>[Lane], who: string): void {
  const { pauses } = gate.state;
  if (wanted === undefined || (wanted === true && pauseOf(gate, lane) !== null)) return;
  if (wanted === false) delete pauses[lane];
  else {
    const { reason = null, until = null } = wanted === true ? {} : wanted;
    pauses[lane] = { who, since: gate.now, reason, until };
  }
}

/** The current values of the fields of a patch. */
function valuesOf(gate: Gate, patch: GatePatch): Record<string, unknown> {
  const { ratePerSecond, burst, concurrency, ...budget } = settingsOf(gate.state, gate.config);
  const lanes = LANES.filter((lane) => patch.paused?.[lane] !== undefined);
  const named = Object.keys(patch.budget ?? {}) as (keyof typeof budget)[];
  return {
    ...(patch.paused ? { paused: Object.fromEntries(lanes.map((lane) => [lane, pauseOf(gate, lane) !== null])) } : {}),
    ...(patch.rate === undefined ? {} : { rate: { perSecond: ratePerSecond, burst } }),
    ...(patch.concurrency === undefined ? {} : { concurrency }),
    ...(patch.budget ? { budget: Object.fromEntries(named.map((name) => [name, budget[name]])) } : {}),
  };
}
