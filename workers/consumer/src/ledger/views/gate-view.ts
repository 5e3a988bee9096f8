import type { Config } from "@prewarm/shared/config";
import { LANES, type Lane } from "@prewarm/shared/job";
import type { GatePatch, GateView } from "../contract.ts";
import { budgetLeft, closeBreaker, laneClosed, slotLimit } from "../protocol/gate.ts";
import { type GateSettings, type GateState, monthOf, settingsOf } from "../tables/gate-state.ts";
import { BULK, LIVE, laneCode, UPLOAD } from "../tables/row.ts";

/** The gate in words: what is set, and every reason why something waits. */
export function gateView(gate: GateState, config: Config, slots: number, now: number): GateView {
  const settings = settingsOf(gate, config);
  const { breaker } = gate;
  const state = breaker.state === "closed" ? "closed" : now >= breaker.until ? "half-open" : "open";
  const open = breaker.state === "open";
  return {
    paused: {
      live: gate.paused.includes("live"),
      upload: gate.paused.includes("upload"),
      bulk: gate.paused.includes("bulk"),
    },
    breaker: {
      state,
      reason: breaker.reason,
      status: breaker.status,
      since: open ? breaker.since : null,
      probeAt: open ? breaker.until : null,
    },
    rate: { perSecond: settings.ratePerSecond, burst: settings.burst },
    concurrency: settings.concurrency,
    budget: budgetView(gate, settings, now),
    throttledUntil: gate.throttledUntil > now ? gate.throttledUntil : null,
    slots,
    reasons: reasons(gate, config, slots, now),
    updatedAt: gate.updatedAt,
  };
}

function budgetView(gate: GateState, settings: GateSettings, now: number): GateView["budget"] {
  const month = monthOf(now);
  const [live, upload, bulk] = gate.used.month === month ? gate.used.byLane : [0, 0, 0];
  const used = live + upload + bulk;
  const { monthlyJobs, warmingShare, alertLevels } = settings;
  const passed = monthlyJobs === null ? [] : alertLevels.filter((level) => used >= level * monthlyJobs);
  const exhausted = {
    live: budgetLeft(gate, settings, LIVE, now) <= 0,
    warming: budgetLeft(gate, settings, UPLOAD, now) <= 0,
  };
  const alert = passed.length === 0 ? null : Math.max(...passed);
  return { monthlyJobs, warmingShare, month, used, usedByLane: { live, upload, bulk }, alertLevels, alert, exhausted };
}

function reasons(gate: GateState, config: Config, slots: number, now: number): GateView["reasons"] {
  const settings = settingsOf(gate, config);
  const found: GateView["reasons"] = [];
  for (const lane of LANES) {
    const closed = laneClosed(gate, config, laneCode(lane), now);
    if (closed !== null && closed.code !== "breaker") found.push({ lane, ...closed });
  }
  if (gate.breaker.state === "open") {
    found.push({
      lane: null,
      code: "breaker",
      message: gate.breaker.reason ?? "The breaker is open.",
      until: gate.breaker.until,
    });
  }
  if (gate.throttledUntil > now) {
    found.push({
      lane: null,
      code: "throttled",
      message: "Ittybit asked to wait (Retry-After).",
      until: gate.throttledUntil,
    });
  }
  if (slots >= settings.concurrency) {
    found.push({
      lane: null,
      code: "concurrency",
      message: `All ${settings.concurrency} slots at Ittybit are taken.`,
      until: null,
    });
  } else if (slots >= slotLimit(settings, BULK)) {
    found.push({
      lane: "bulk",
      code: "concurrency",
      message: "The slots left are kept for viewers and uploads.",
      until: null,
    });
  }
  return found;
}

/** Applies what an operator changed. It holds from the next claim on. */
export function patchGate(gate: GateState, patch: GatePatch, now: number): void {
  if (patch.paused) {
    const paused: Record<Lane, boolean> = { live: false, upload: false, bulk: false };
    for (const lane of gate.paused) paused[lane] = true;
    Object.assign(paused, patch.paused);
    gate.paused = LANES.filter((lane) => paused[lane]);
  }
  if (patch.breaker) closeBreaker(gate, now);
  const { overrides } = gate;
  if (typeof patch.rate === "number") overrides.ratePerSecond = patch.rate;
  else if (patch.rate) {
    overrides.ratePerSecond = patch.rate.perSecond;
    if (patch.rate.burst !== undefined) overrides.burst = patch.rate.burst;
  }
  if (patch.concurrency !== undefined) overrides.concurrency = patch.concurrency;
  if (patch.budget) Object.assign(overrides, patch.budget);
  gate.updatedAt = now;
}
