import {
  type AutoLimit,
  type Budget,
  type GateState,
  type LaneCode,
  type LaneRule,
  type LimitName,
  MAX_ATTEMPTS,
  type QueueConfig,
} from "@prewarm/durable-queue";
import type { Config } from "@prewarm/shared/config";
import { LANES, type Lane } from "@prewarm/shared/job";
import { ALERT_LEVELS, GATE_AUTO, WORKERS_MAX } from "@prewarm/shared/limits";

/*
 * What the queue is told of a site: lanes, limits and budget. Only this file translates Prewarm's words into the queue's.
 */

/** The numbers of the lanes in the tables. */
export const LIVE = 0;
export const UPLOAD = 1;
export const BULK = 2;

/** Viewers wait for live jobs. Uploads and bulk have one share of the budget, that of warming. */
const RULES: Record<Lane, Omit<LaneRule, "name">> = {
  live: { share: "live", urgent: true },
  upload: { share: "warming" },
  bulk: { share: "warming", background: true },
};

export function laneName(code: LaneCode): Lane {
  return LANES[code] ?? "bulk";
}

export function laneCode(lane: Lane): LaneCode {
  return LANES.indexOf(lane);
}

/** What the queue knows of each lane. It names only those that have something to tell: `none` is told of the others. */
export function everyLane<T>(told: Readonly<Record<string, T>>, none: T): Record<Lane, T> {
  return { live: told.live ?? none, upload: told.upload ?? none, bulk: told.bulk ?? none };
}

/** The settings of the budget, in the words of the configuration and of the control API. */
export interface BudgetSettings {
  monthlyJobs: number | null;
  warmingShare: number;
  liveShare: number;
  liveDayShare: number;
  alertLevels: readonly number[];
}

/** The budget of the configuration with an operator's changes. */
export function budgetSettings(config: Pick<Config, "budget">, { overrides }: GateState): BudgetSettings {
  return { ...settingsOf(config), ...overrides.budget };
}

function settingsOf({ budget: { month, shares } }: Pick<Config, "budget">): BudgetSettings {
  const { warming, live, liveDay } = shares;
  return {
    monthlyJobs: month,
    warmingShare: warming,
    liveShare: live,
    liveDayShare: liveDay,
    alertLevels: ALERT_LEVELS,
  };
}

/** The same in the words of the queue. */
export function budgetOf({ monthlyJobs, warmingShare, liveShare, liveDayShare }: BudgetSettings): Budget | null {
  if (monthlyJobs === null) return null;
  return {
    month: monthlyJobs,
    shares: { live: { month: liveShare, day: liveDayShare }, warming: { month: warmingShare } },
  };
}

/** Failed attempts after which a job of a site is dead. */
export function maxAttemptsOf({ limits }: Pick<Config, "limits">): number {
  return limits.maxAttempts ?? MAX_ATTEMPTS;
}

/** The settings of the queue of a site. */
export function queueConfigOf(config: Pick<Config, "gate" | "budget" | "limits">): QueueConfig {
  const { gate } = config;
  const limitOf = (name: LimitName) => (typeof gate[name] === "number" ? gate[name] : "auto");
  const autoOf = (name: LimitName): AutoLimit => ({
    ...GATE_AUTO[name],
    ...(typeof gate[name] === "object" ? gate[name] : {}),
  });
  return {
    lanes: LANES.map((name) => ({ name, ...RULES[name] })),
    gate: {
      concurrency: limitOf("concurrency"),
      ratePerSecond: limitOf("ratePerSecond"),
      burst: gate.burst,
      auto: { concurrency: autoOf("concurrency"), ratePerSecond: autoOf("ratePerSecond") },
      budget: budgetOf(settingsOf(config)),
    },
    limits: { maxAttempts: maxAttemptsOf(config), workers: WORKERS_MAX },
  };
}
