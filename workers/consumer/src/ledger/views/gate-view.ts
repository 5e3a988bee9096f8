import { LANES, type Lane } from "@prewarm/shared/job";
import type { GatePatch, GateView, LimitView } from "../contract.ts";
import { budgetLeft, closeBreaker, closedFor, liveToday, slotsOf, usedBy } from "../protocol/gate.ts";
import type { Gate } from "../protocol/gate-memory.ts";
import { heldSentence } from "../protocol/held-sentence.ts";
import {
  boundsOf,
  type GateSettings,
  type GateState,
  type LimitName,
  monthOf,
  settingsOf,
} from "../tables/gate-state.ts";

/** The gate in words: what is set, what was found, and every reason why something waits. `slots`: those that are taken. */
export function gateView(gate: Gate, slots: number): GateView {
  const { state, now } = gate;
  const settings = settingsOf(state, gate.config);
  return {
    paused: {
      live: state.paused.includes("live"),
      upload: state.paused.includes("upload"),
      bulk: state.paused.includes("bulk"),
    },
    breaker: breakerView(state, now),
    rate: { perSecond: settings.ratePerSecond, burst: settings.burst },
    concurrency: settings.concurrency,
    limits: {
      rate: limitView(gate, "ratePerSecond", settings.ratePerSecond),
      concurrency: limitView(gate, "concurrency", settings.concurrency),
    },
    budget: budgetView(gate, settings),
    throttledUntil: state.throttledUntil > now ? state.throttledUntil : null,
    slots,
    reasons: reasons(gate, slots),
    updatedAt: state.updatedAt,
  };
}

function breakerView({ breaker }: GateState, now: number): GateView["breaker"] {
  const { reason, status } = breaker;
  if (breaker.state === "closed") return { state: "closed", reason, status, since: null, probeAt: null };
  const state = now >= breaker.until ? "half-open" : "open";
  return { state, reason, status, since: breaker.since, probeAt: breaker.until };
}

function limitView({ state, config }: Gate, name: LimitName, value: number): LimitView {
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
  const used = usedByLane.live + usedByLane.upload + usedByLane.bulk;
  const passed = monthlyJobs === null ? [] : alertLevels.filter((level) => used >= level * monthlyJobs);
  return {
    ...{ monthlyJobs, warmingShare, liveShare, liveDayShare, alertLevels },
    ...{ month: monthOf(gate.now), used, usedByLane, liveToday: liveToday(gate).used },
    alert: passed.length === 0 ? null : Math.max(...passed),
    exhausted: { live: budgetLeft(gate, "live") <= 0, warming: budgetLeft(gate, "upload") <= 0 },
  };
}

function reasons(gate: Gate, slots: number): GateView["reasons"] {
  const { state, now } = gate;
  const found: GateView["reasons"] = [];
  const add = (lane: Lane | null, code: string, message: string, until: number | null) =>
    found.push({ lane, code, message, until });
  for (const lane of LANES) {
    const held = closedFor(gate, lane);
    if (held?.code === "paused" || held?.code === "budget")
      add(lane, held.code, heldSentence(gate, lane, held), held.until);
  }
  if (state.breaker.state === "open")
    add(null, "breaker", state.breaker.reason ?? "The breaker is open.", state.breaker.until);
  if (state.throttledUntil > now) add(null, "throttled", "Ittybit asked to wait (Retry-After).", state.throttledUntil);
  const all = slotsOf(gate, "live");
  if (slots >= all) add(null, "concurrency", `All ${all} slots at Ittybit are taken.`, null);
  else if (slots >= slotsOf(gate, "bulk"))
    add("bulk", "concurrency", "The slots left are kept for viewers and uploads.", null);
  return found;
}

/** Applies what an operator changed. It holds from the next POST on. */
export function patchGate(gate: Gate, patch: GatePatch): void {
  const { state } = gate;
  if (patch.paused) {
    const { paused } = patch;
    state.paused = LANES.filter((lane) => paused[lane] ?? state.paused.includes(lane));
  }
  if (patch.breaker) closeBreaker(gate);
  const { overrides } = state;
  const { perSecond, burst } =
    typeof patch.rate === "object" ? patch.rate : { perSecond: patch.rate, burst: undefined };
  if (perSecond !== undefined) overrides.ratePerSecond = perSecond;
  if (burst !== undefined) overrides.burst = burst;
  if (patch.concurrency !== undefined) overrides.concurrency = patch.concurrency;
  if (patch.budget) Object.assign(overrides, patch.budget);
  state.updatedAt = gate.now;
}
