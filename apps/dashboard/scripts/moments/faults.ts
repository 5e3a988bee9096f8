import type { Gate } from "@prewarm/control-schema/gate";
import type { Level, Part } from "@prewarm/control-schema/troubles";
import { JOB_MS, type Scene } from "./scene.ts";

/*
 * Faults as an operator meets them, and what has to be said of each.
 */

export interface Fault {
  name: string;
  part: Part;
  level: Level;
  code: string;
  /** The station of the overview that is marked. */
  box: string;
  sentence: RegExp;
  cure: RegExp;
  /** Its end is not waited for: it counts for an hour, or its jobs keep failing. */
  lasts?: true;
  begin(scene: Scene): Promise<unknown> | unknown;
  end(scene: Scene): Promise<unknown> | unknown;
}

export const warmed = (scene: Scene, folder: string, n: number) =>
  scene.warm(
    Array.from({ length: n }, (_, at) => `${folder}/${at}`),
    folder,
  );

/** Jobs that an order of this moment may still use: no more than `left` of warming's, or of the viewers', share. */
async function leaveOfBudget(scene: Scene, share: "warmingShare" | "liveShare", left: number): Promise<void> {
  const { budget } = await scene.api<Gate>("/gate");
  const lanes = share === "liveShare" ? [budget.usedByLane.live] : [budget.usedByLane.upload, budget.usedByLane.bulk];
  const used = lanes.reduce((sum, n) => sum + n, 0) + left;
  await scene.gate({ budget: { monthlyJobs: 1_000_000, [share]: used / 1_000_000 } });
}

export const WHOLE = { warmingShare: 0.8, liveShare: 0.5, liveDayShare: 1, monthlyJobs: null };

/** A month's budget of which the jobs so far are this share. */
async function monthOf(scene: Scene, share: number): Promise<void> {
  const { budget } = await scene.api<Gate>("/gate");
  const monthlyJobs = Math.floor(budget.used / share);
  await scene.gate({ budget: { ...WHOLE, warmingShare: 1, liveShare: 1, monthlyJobs } });
}

async function mended(scene: Scene): Promise<void> {
  scene.emulator.clearFaults();
  await scene.gate({ breaker: { state: "closed" } });
}

function tryAgain(scene: Scene): Promise<unknown> {
  const body = JSON.stringify({ action: "retry", filter: { state: ["retrying"] } });
  return scene.api("/actions", { method: "POST", body });
}

export const FAULTS: readonly Fault[] = [
  {
    ...{ name: "a lane is paused", part: "gate", code: "paused", level: "warning", box: "Gate" },
    ...{ sentence: /^bulk is paused by .*\(a migration\)/, cure: /Resume the lane/ },
    begin: (scene) => scene.gate({ paused: { bulk: { reason: "a migration" } } }),
    end: (scene) => scene.gate({ paused: { bulk: false } }),
  },
  {
    ...{ name: "Ittybit answers 402", part: "ittybit", code: "breaker", level: "problem", box: "Ittybit" },
    ...{ sentence: /^Ittybit answers 402: billing/, cure: /Correct the Ittybit account/ },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "status", status: 402, message: "Payment required" } });
      return warmed(scene, "unpaid", 2);
    },
    end: mended,
  },
  {
    ...{ name: "jobs take 45 s", part: "ittybit", code: "slow", level: "warning", box: "Ittybit" },
    ...{ sentence: /^Ittybit takes \d+ s for a job, usually 0\.\d s/, cure: /ask Ittybit/ },
    begin: (scene) => {
      scene.emulator.configure({ jobMs: { min: 45_000, max: 45_000 } });
      return warmed(scene, "slow", 8);
    },
    end: (scene) => scene.emulator.configure({ jobMs: JOB_MS }),
  },
  {
    ...{
      name: "a third of the originals is missing",
      part: "originals",
      code: "refusing",
      level: "warning",
      box: "Ittybit",
    },
    ...{ sentence: /of the run a third were refused: .{0,200}\(missing\)/, cure: /Upload the original/ },
    begin: (scene) =>
      scene.warm(
        Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? `missing/third/${n}` : `third/${n}`)),
        "a third",
      ),
    lasts: true,
    end: () => undefined,
  },
  {
    ...{
      name: "the originals' host answers 403",
      part: "originals",
      code: "origin",
      level: "warning",
      box: "Ittybit",
    },
    ...{ sentence: /fails \(.{0,100}403/, cure: /Correct the origin/ },
    begin: (scene) => {
      scene.originals.answer(403);
      return warmed(scene, "refused", 30);
    },
    end: async (scene) => {
      scene.originals.answer(null);
      await tryAgain(scene);
    },
  },
  {
    ...{ name: "warming's share is spent", part: "budget", code: "budget", level: "warning", box: "Gate" },
    ...{ sentence: /^Warming's share .* jobs? waits? in upload and bulk/, cure: /Raise the budget/ },
    begin: async (scene) => {
      await leaveOfBudget(scene, "warmingShare", 5);
      await warmed(scene, "beyond", 4);
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    ...{ name: "the viewers' share is spent", part: "budget", code: "budget", level: "warning", box: "Gate" },
    ...{ sentence: /^Viewers' share of the budget is spent/, cure: /viewers' share/ },
    begin: async (scene) => {
      await leaveOfBudget(scene, "liveShare", 0);
      await fetch(`${scene.stack.edgeUrl}/images/views/spent?w=640&f=webp`, { redirect: "manual" });
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    ...{
      name: "the results' host answers 500",
      part: "results",
      code: "results",
      level: "warning",
      box: "Results",
    },
    ...{
      sentence: /^(The results of \d+ paid jobs cannot be fetched, |No result can be fetched: ).*500/,
      cure: /The jobs are paid for/,
    },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "output", as: "500" } });
      return warmed(scene, "unfetched", 2);
    },
    lasts: true,
    end: (scene) => scene.emulator.clearFaults(),
  },
  {
    ...{ name: "viewers' lane is paused for an hour", part: "gate", code: "paused", level: "warning", box: "Gate" },
    ...{ sentence: /^live is paused by .* until \S+ \(an audit\)/, cure: /Resume the lane/ },
    begin: (scene) => scene.gate({ paused: { live: { reason: "an audit", until: Date.now() + 3_600_000 } } }),
    end: (scene) => scene.gate({ paused: { live: false } }),
  },
  {
    ...{ name: "85 % of the month are used", part: "budget", code: "budget", level: "warning", box: "Gate" },
    ...{ sentence: /^8\d ?% of the month's [\d,]+ jobs are used/, cure: /Raise the budget/ },
    begin: async (scene) => monthOf(scene, 0.85),
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    ...{ name: "the month is spent", part: "budget", code: "budget", level: "problem", box: "Gate" },
    ...{ sentence: /^The month's [\d,]+ jobs are spent\. \d+ jobs wait/, cure: /wait for the next month/ },
    begin: async (scene) => {
      await monthOf(scene, 1);
      await warmed(scene, "month", 2);
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  // Before the outage, of which failed attempts are left for five minutes.
  {
    ...{ name: "an encoder fails", part: "ittybit", code: "failing", level: "warning", box: "Ittybit" },
    ...{ sentence: /attempts failed in the last five minutes: .{0,200}\(upstream_failed\)/, cure: /Remove the cause/ },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "failed", error: { kind: "internal", message: "out of memory" } } });
      // Enough for a share of the attempts of the moments before.
      return warmed(scene, "encoder", 40);
    },
    end: (scene) => scene.emulator.clearFaults(),
  },
  {
    ...{
      name: "the key of Ittybit was taken back",
      part: "ittybit",
      code: "breaker",
      level: "problem",
      box: "Ittybit",
    },
    ...{ sentence: /^Ittybit answers 401: the key is not accepted/, cure: /Correct the Ittybit account/ },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "status", status: 401, message: "Unauthorized" } });
      return warmed(scene, "keyless", 2);
    },
    end: mended,
  },
  {
    ...{
      name: "Ittybit answers 500 to everything",
      part: "ittybit",
      code: "breaker",
      level: "problem",
      box: "Ittybit",
    },
    ...{ sentence: /Everything waits since .{0,30}; viewers get originals/, cure: /Look at Ittybit's status/ },
    begin: (scene) => {
      scene.emulator.addFault({ on: "any", fault: { type: "status", status: 500, message: "Internal error" } });
      return warmed(scene, "outage", 4);
    },
    end: mended,
  },
  {
    ...{ name: "Ittybit asks to wait a minute", part: "ittybit", code: "throttled", level: "warning", box: "Ittybit" },
    ...{ sentence: /^Ittybit asked us to slow down\. New jobs go on in/, cure: /lower the rate/ },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "throttled", seconds: 60 } });
      return warmed(scene, "throttled", 2);
    },
    end: (scene) => scene.emulator.clearFaults(),
  },
  {
    ...{
      name: "a sign-in page stands for originals",
      part: "originals",
      code: "refusing",
      level: "warning",
      box: "Ittybit",
    },
    ...{ sentence: /of the run pages were refused: .{0,200}\(unshowable\)/, cure: /Replace the original/ },
    begin: (scene) => warmed(scene, "pages", 4),
    lasts: true,
    end: () => undefined,
  },
  {
    ...{ name: "the originals' host is down", part: "originals", code: "origin", level: "warning", box: "Ittybit" },
    ...{ sentence: /fails \(.{0,100}503/, cure: /Correct the origin/ },
    begin: (scene) => {
      scene.originals.answer(503);
      return warmed(scene, "down", 30);
    },
    end: async (scene) => {
      scene.originals.answer(null);
      await tryAgain(scene);
    },
  },
  {
    ...{ name: "results are cut off", part: "results", code: "results", level: "warning", box: "Results" },
    ...{ sentence: /^The results of \d+ paid jobs cannot be fetched, /, cure: /The jobs are paid for/ },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "output", as: "truncated" } });
      return warmed(scene, "cut", 1);
    },
    lasts: true,
    end: (scene) => scene.emulator.clearFaults(),
  },
];
