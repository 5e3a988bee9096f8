import type { Gate } from "@prewarm/control-schema/gate";
import { type Fault, WHOLE, warmed } from "./fault.ts";
import type { Scene } from "./scene.ts";

/** Jobs that an order of this moment may still use: no more than `left` of warming's, or of the viewers', share. */
async function leaveOfBudget(scene: Scene, share: "warmingShare" | "liveShare", left: number): Promise<void> {
  const { budget } = await scene.api<Gate>("/gate");
  const lanes = share === "liveShare" ? [budget.usedByLane.live] : [budget.usedByLane.upload, budget.usedByLane.bulk];
  const used = lanes.reduce((sum, n) => sum + n, 0) + left;
  await scene.gate({ budget: { monthlyJobs: 1_000_000, [share]: used / 1_000_000 } });
}

/** A month's budget of which the jobs so far are this share. */
async function monthOf(scene: Scene, share: number): Promise<void> {
  const { budget } = await scene.api<Gate>("/gate");
  const monthlyJobs = Math.floor(budget.used / share);
  await scene.gate({ budget: { ...WHOLE, warmingShare: 1, liveShare: 1, monthlyJobs } });
}

/**
 * Lanes that are paused, and budgets that are spent. A trouble that comes back within two minutes sends no event, so two
 * moments of one trouble stand far apart: the viewers' day and their share, every lane and the viewers' lane.
 */
export const FAULTS_OF_GATE: readonly Fault[] = [
  {
    name: "the viewers' day is spent",
    part: "budget",
    code: "budget",
    level: "warning",
    box: "Gate",
    sentence: /^Viewers' share of the budget is spent \(\d+ jobs? today\)/,
    cure: /wait for the next day/,
    begin: async (scene) => {
      await scene.gate({ budget: { ...WHOLE, monthlyJobs: 1_000_000, liveDayShare: 0 } });
      await fetch(`${scene.stack.edgeUrl}/images/views/tomorrow?w=640&f=webp`, { redirect: "manual" });
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    name: "a lane is paused",
    part: "gate",
    code: "paused",
    level: "warning",
    box: "Gate",
    sentence: /^bulk is paused by .*\(a migration\)/,
    cure: /Resume the lane/,
    begin: (scene) => scene.gate({ paused: { bulk: { reason: "a migration" } } }),
    end: (scene) => scene.gate({ paused: { bulk: false } }),
  },
  {
    name: "uploads are held until a deploy is over",
    part: "gate",
    code: "paused",
    level: "warning",
    box: "Gate",
    sentence: /^upload is paused by .* until \S+ \(a deploy\)/,
    cure: /Resume the lane/,
    begin: (scene) => scene.gate({ paused: { upload: { reason: "a deploy", until: Date.now() + 1_800_000 } } }),
    end: (scene) => scene.gate({ paused: { upload: false } }),
  },
  {
    name: "every lane is paused",
    part: "gate",
    code: "paused",
    level: "warning",
    box: "Gate",
    sentence: /^(live|upload|bulk) is paused by /,
    cure: /Resume the lane/,
    begin: (scene) => scene.gate({ paused: { live: true, upload: true, bulk: true } }),
    end: (scene) => scene.gate({ paused: { live: false, upload: false, bulk: false } }),
  },
  {
    name: "warming's share is spent",
    part: "budget",
    code: "budget",
    level: "warning",
    box: "Gate",
    sentence: /^Warming's share .* jobs? waits? in upload and bulk/,
    cure: /Raise the budget/,
    begin: async (scene) => {
      await leaveOfBudget(scene, "warmingShare", 5);
      await warmed(scene, "beyond", 4);
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    name: "the viewers' share is spent",
    part: "budget",
    code: "budget",
    level: "warning",
    box: "Gate",
    sentence: /^Viewers' share of the budget is spent/,
    cure: /viewers' share/,
    begin: async (scene) => {
      await leaveOfBudget(scene, "liveShare", 0);
      await fetch(`${scene.stack.edgeUrl}/images/views/spent?w=640&f=webp`, { redirect: "manual" });
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    name: "85 % of the month are used",
    part: "budget",
    code: "budget",
    level: "warning",
    box: "Gate",
    sentence: /^8\d ?% of the month's [\d,]+ jobs are used/,
    cure: /Raise the budget/,
    begin: async (scene) => monthOf(scene, 0.85),
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    name: "the month is spent",
    part: "budget",
    code: "budget",
    level: "problem",
    box: "Gate",
    sentence: /^The month's [\d,]+ jobs are spent\. \d+ jobs wait/,
    cure: /wait for the next month/,
    begin: async (scene) => {
      await monthOf(scene, 1);
      await warmed(scene, "month", 2);
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    name: "viewers' lane is paused for an hour",
    part: "gate",
    code: "paused",
    level: "warning",
    box: "Gate",
    sentence: /^live is paused by .* until \S+ \(an audit\)/,
    cure: /Resume the lane/,
    begin: (scene) => scene.gate({ paused: { live: { reason: "an audit", until: Date.now() + 3_600_000 } } }),
    end: (scene) => scene.gate({ paused: { live: false } }),
  },
];
