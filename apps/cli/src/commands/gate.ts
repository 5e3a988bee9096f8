import { Budget, Gate, GateLimit, type GatePatch } from "@prewarm/control-schema/gate";
import { Stats } from "@prewarm/control-schema/stats";
import { LANES } from "@prewarm/shared/job";
import { raiseWords } from "@prewarm/shared/words";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { type Arguments, type Command, YES_FLAG } from "../arguments/command.ts";
import { readCount, readRate } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";

const SeenLimit = GateLimit.pick({ mode: true, why: true });
const GATE = Gate.pick({ paused: true, rate: true, concurrency: true }).extend({
  breaker: Gate.shape.breaker.pick({ state: true, reason: true }),
  limits: z.object({ rate: SeenLimit, concurrency: SeenLimit }),
  budget: Budget.pick({
    monthlyJobs: true,
    used: true,
    month: true,
    warmingShare: true,
    liveShare: true,
    liveDayShare: true,
  }),
  reasons: z.array(Gate.shape.reasons.element.pick({ lane: true, code: true, message: true })),
});
type SeenGate = z.infer<typeof GATE>;
const PRICED = z.object({
  budget: Budget.pick({ monthlyJobs: true }),
  spent: Stats.shape.spent.pick({ per1000Jobs: true }),
});

export const gateCommand: Command = {
  name: "gate",
  description: "Show or change what admits jobs to Ittybit",
  more: "Lanes, breaker, rate, concurrency and budget; a flag changes it at once.",
  operands: null,
  flags: {
    rate: {
      type: "string",
      valueHint: "n/s|auto",
      description: "Submit at most so many jobs, such as 20/s; auto: find it",
    },
    concurrency: {
      type: "string",
      valueHint: "n|auto",
      description: "At most so many jobs at Ittybit at once; auto: find it",
    },
    "monthly-jobs": { type: "string", valueHint: "n|none", description: "Jobs a month; none: no limit" },
    "warming-share": { type: "string", valueHint: "0–1", description: "Share of them that uploads and bulk may take" },
    "live-share": { type: "string", valueHint: "0–1", description: "Share of them that viewers' misses may take" },
    "live-day-share": { type: "string", valueHint: "0–1", description: "Share of viewers' jobs that one day may take" },
    "reset-breaker": { type: "boolean", description: "Close the breaker, after its cause is removed" },
    yes: YES_FLAG,
  },
  examples: [
    "prewarm gate",
    "prewarm gate --rate 5/s --concurrency 10",
    "prewarm gate --rate auto",
    "prewarm gate --monthly-jobs 100000",
  ],
  async run(args, context) {
    const body = readPatch(args);
    const api = createControlApi(readControlSettings(args, context), context);
    const sending = { what: "the gate" };
    if (body.budget?.monthlyJobs !== undefined) await confirmRaise(body.budget.monthlyJobs, args, context, api);
    const changed = Object.keys(body).length > 0;
    const gate = changed
      ? await api.call("PATCH /api/v1/gate", { body }, GATE, sending)
      : await api.call("GET /api/v1/gate", {}, GATE, sending);
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.gate/1", { ...gate });
    else for (const line of formatGate(gate)) report.data(line);
    return EXIT.ok;
  },
};

/** A raise of the month's budget says its price, and asks. */
async function confirmRaise(jobs: number | null, args: Arguments, context: Context, api: ControlApi): Promise<void> {
  const { budget, spent } = await api.call("GET /api/v1/stats", {}, PRICED, { what: "the budget" });
  const raise = raiseWords(budget.monthlyJobs, jobs, spent.per1000Jobs);
  if (raise !== null) await confirmByTyping(args, context, `Jobs a month: ${raise}.`, "raise");
}

/** What is to change; empty: nothing. */
function readPatch(args: Arguments): GatePatch {
  const [rate, concurrency, jobs] = (["rate", "concurrency", "monthly-jobs"] as const).map(args.text) as (
    | string
    | null
  )[];
  const share = (flag: "warming-share" | "live-share" | "live-day-share"): number | null => {
    const text = args.text(flag);
    return text === null ? null : readShare(text, `--${flag}`);
  };
  const warmingShare = share("warming-share");
  const liveShare = share("live-share");
  const liveDayShare = share("live-day-share");
  const budget = {
    ...(jobs ? { monthlyJobs: jobs === "none" ? null : readCount(jobs, "--monthly-jobs", 0) } : {}),
    ...(warmingShare === null ? {} : { warmingShare }),
    ...(liveShare === null ? {} : { liveShare }),
    ...(liveDayShare === null ? {} : { liveDayShare }),
  };
  return {
    ...(rate ? { rate: rate === "auto" ? rate : readRate(rate, "--rate") } : {}),
    ...(concurrency
      ? { concurrency: concurrency === "auto" ? concurrency : readCount(concurrency, "--concurrency", 1) }
      : {}),
    ...(Object.keys(budget).length > 0 ? { budget } : {}),
    ...(args.flag("reset-breaker") ? { breaker: { state: "closed" } } : {}),
  };
}

function readShare(text: string, flag: string): number {
  const share = /^(0(\.\d+)?|1(\.0+)?)$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(share)) throw usageError(`${flag} takes a number from 0 to 1, not ${text}.`);
  return share;
}

function formatGate({ paused, breaker, rate, concurrency, limits, budget, reasons }: SeenGate): string[] {
  const lanes = LANES.map((lane) => `${lane} ${paused[lane] ? "paused" : "open"}`).join(", ");
  const limit = budget.monthlyJobs === null ? "no limit" : formatCount(budget.monthlyJobs);
  return [
    `lanes        ${lanes}`,
    `breaker      ${breaker.state}${breaker.reason === null ? "" : `: ${breaker.reason}`}`,
    `rate         ${rate.perSecond}/s, bursts of ${rate.burst}${howFound(limits.rate)}`,
    `concurrency  ${formatCount(concurrency)}${howFound(limits.concurrency)}`,
    `budget       ${formatCount(budget.used)} of ${limit} jobs in ${budget.month}; ${shares(budget)}`,
    ...reasons.map(({ lane, message }) => `waits        ${lane === null ? "" : `${lane}: `}${message}`),
  ];
}

function shares({ warmingShare, liveShare, liveDayShare }: SeenGate["budget"]): string {
  const [warming, live, day] = [warmingShare, liveShare, liveDayShare].map((share) => `${Math.round(share * 100)} %`);
  return `warming may take ${warming}, viewers ${live} (${day} of it a day)`;
}

function howFound({ mode, why }: SeenGate["limits"]["rate"]): string {
  if (mode === "configured") return "";
  return mode === "pinned" ? " (pinned)" : ` (auto${why === null ? "" : `: ${why}`})`;
}
