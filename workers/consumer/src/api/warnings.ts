import type { Gate } from "@prewarm/control-schema/gate";
import type { Warning } from "@prewarm/control-schema/stats";
import { LANES } from "@prewarm/shared/job";
import { LEDGER_FULL_BYTES, LEDGER_LIMIT_BYTES, LEDGER_SHED_BYTES } from "@prewarm/shared/limits";
import { counted, momentOf, number, percent, span } from "@prewarm/shared/words";
import type { LedgerStats, Trouble } from "../ledger/contract.ts";

export interface Circumstances {
  now: number;
  /** Of configuration and environment: whatever else is said, these are to be mended first. */
  faults: readonly string[];
  gate: Gate;
  ledgerBytes: number;
  open: number;
  dead: number;
  view: Pick<LedgerStats, "counts" | "oldestWaiting" | "rates" | "troubles">;
  /** ms, by lane. */
  oldest: Record<(typeof LANES)[number], number | null>;
}

/** Waiting for longer than this without any job ended is worth a warning, in ms. */
const STUCK_MS = 300_000;
/** Share of attempts that failed, and of jobs that were refused. */
const FAILURES_WARN = 0.2;
const REFUSED_WARN = 0.2;
/** Fewer are a page or two, and no pattern. */
const REFUSED_MIN = 10;
const FAILED_MIN = 3;

type Lanes = "live" | "upload" | "bulk";

/** Everything that is wrong, the worst first: each with its cause, and where that stands. */
export function warningsOf(standing: Circumstances): Warning[] {
  return [
    faults(standing),
    ledgerFull(standing),
    restored(standing),
    breaker(standing),
    budgetSpent(standing),
    failing(standing),
    refusing(standing),
    died(standing),
    slow(standing),
    stuck(standing),
    throttled(standing),
    viewersSpent(standing),
    warmingSpent(standing),
    ...LANES.map((lane) => paused(standing, lane)),
    ledgerSheds(standing),
    budgetAlert(standing),
    deadLetters(standing),
  ].filter((one) => one !== null);
}

function faults({ faults: [fault, ...more] }: Circumstances): Warning | null {
  if (fault === undefined) return null;
  const others = more.length === 0 ? "" : ` ${more.length} more: see /readyz.`;
  const sentence = `The configuration is at fault. ${fault.replace(/[.!?]?$/, ".")}${others}`;
  return { level: "problem", code: "fault", sentence, link: "/system", since: null };
}

function ledgerFull({ ledgerBytes }: Circumstances): Warning | null {
  if (ledgerBytes <= LEDGER_FULL_BYTES) return null;
  const sentence = `The ledger holds ${gigabytes(ledgerBytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}: new bulk is refused. Views and uploads go on.`;
  return { level: "problem", code: "ledger", sentence, link: "/readyz", since: null };
}

function ledgerSheds({ ledgerBytes }: Circumstances): Warning | null {
  if (ledgerBytes <= LEDGER_SHED_BYTES || ledgerBytes > LEDGER_FULL_BYTES) return null;
  const sentence = `The ledger holds ${gigabytes(ledgerBytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}: it keeps only what is needed, and takes no new bulk from ${gigabytes(LEDGER_FULL_BYTES)} on.`;
  return { level: "warning", code: "ledger", sentence, link: "/readyz", since: null };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** For two minutes after an older copy of the ledger was put back nothing is handed out. */
function restored({ gate, open, now }: Circumstances): Warning | null {
  const held = heldBack(gate);
  if (held === null) return null;
  const sentence = `${held.message} ${waiting(open)} for another ${span((held.until ?? now) - now)}; viewers get originals.`;
  return { level: "warning", code: "restored", sentence, link: "/steering", since: null };
}

function heldBack({ reasons }: Gate): Gate["reasons"][number] | null {
  return reasons.find(({ code }) => code === "restored") ?? null;
}

function breaker({ gate: { breaker: at }, now }: Circumstances): Warning | null {
  if (at.state === "closed") return null;
  const since = at.since === null ? "" : ` since ${momentOf(at.since)}`;
  const probe =
    at.probeAt === null ? "" : ` One job is tried ${at.probeAt > now ? `in ${span(at.probeAt - now)}` : "now"}.`;
  const sentence = `${breakerText(at)} Everything waits${since}; viewers get originals.${probe}`;
  return { level: "problem", code: "breaker", sentence, link: "/steering", since: at.since };
}

function breakerText({ status, reason }: Gate["breaker"]): string {
  const meaning: Record<number, string> = { 401: "the key is not accepted", 402: "billing", 403: "not allowed" };
  if (status !== null && status in meaning) return `Ittybit answers ${status}: ${meaning[status]}.`;
  return reason === null ? "Ittybit fails too often." : `${reason.replace(/\.?$/, ".")}`;
}

function isSpent({ budget }: Gate): boolean {
  return budget.monthlyJobs !== null && budget.used >= budget.monthlyJobs;
}

function budgetSpent({ gate, open }: Circumstances): Warning | null {
  const { budget } = gate;
  if (!isSpent(gate)) return null;
  const sentence = `The month's ${number(budget.monthlyJobs ?? 0)} jobs are spent. ${waiting(open)} until the budget is raised or the month ends; viewers get originals.`;
  return { level: "problem", code: "budget", sentence, link: "/steering", since: null };
}

function failing({ view: { troubles } }: Circumstances): Warning | null {
  const { failing: trouble } = troubles;
  if (trouble === null || trouble.n < FAILED_MIN || trouble.n <= FAILURES_WARN * trouble.of) return null;
  const sentence = `${percent(trouble.n / trouble.of)} of ${counted(trouble.of, "attempt")} failed in the last five minutes${cause(trouble, "attempt")}`;
  return { level: "warning", code: "failing", sentence, link: "/causes?window=5m", since: null };
}

function refusing({ view: { troubles } }: Circumstances): Warning | null {
  const { refusing: trouble } = troubles;
  if (trouble === null || trouble.n < REFUSED_MIN || trouble.n <= REFUSED_WARN * trouble.of) return null;
  const sentence = `${number(trouble.n)} of ${counted(trouble.of, "variant")} that ended within the hour were refused${cause(trouble, "job")}`;
  return { level: "warning", code: "refusing", sentence, link: "/causes?window=1h", since: null };
}

function died({ view: { troubles } }: Circumstances): Warning | null {
  const { died: trouble } = troubles;
  if (trouble === null) return null;
  const sentence = `${counted(trouble.n, "job")} died within the hour${cause(trouble, "job")}`;
  return { level: "warning", code: "died", sentence, link: "/causes?window=1h", since: null };
}

/** `: 41 jobs with "encoder out of memory" (upstream_failed), all avif, all below p/.` */
function cause({ top }: Trouble, unit: "attempt" | "job"): string {
  if (top === null) return ".";
  const [format = ""] = top.formats;
  const formats = top.formats.length === 1 ? `, all ${format}` : "";
  const prefix = top.prefix === "" ? "" : `, all below ${top.prefix}`;
  return `: ${counted(top.count, unit)} with "${top.message.replace(/[.!?]$/, "")}" (${top.code})${formats}${prefix}.`;
}

/** Slots are what a slow Ittybit holds: nothing is closed. */
function slow({ gate: { reasons } }: Circumstances): Warning | null {
  const reason = reasons.find(({ code }) => code === "slow");
  return reason === undefined
    ? null
    : { level: "warning", code: "slow", sentence: reason.message, link: "/jobs?state=processing", since: null };
}

/** A paused lane waits on purpose: only others are stuck. */
function stuck({ gate, oldest, view: { rates } }: Circumstances): Warning | null {
  if (gate.breaker.state !== "closed" || rates.ended > 0 || heldBack(gate) !== null) return null;
  const ages = LANES.filter((lane) => !gate.paused[lane]).map((lane) => oldest[lane] ?? 0);
  const age = Math.max(0, ...ages);
  if (age <= STUCK_MS) return null;
  const sentence = `Nothing has ended lately, and the oldest job has waited for ${span(age)}.`;
  return { level: "warning", code: "stuck", sentence, link: "/jobs?state=queued", since: null };
}

function throttled({ gate, open, now }: Circumstances): Warning | null {
  if (gate.throttledUntil === null) return null;
  const sentence = `Ittybit asked us to slow down. New jobs go on in ${span(gate.throttledUntil - now)}; ${waiting(open).toLowerCase()}.`;
  return { level: "warning", code: "throttled", sentence, link: "/steering", since: null };
}

function viewersSpent({ gate }: Circumstances): Warning | null {
  if (!gate.budget.exhausted.live || isSpent(gate)) return null;
  const sentence = `Viewers' share of the budget is spent (${counted(gate.budget.liveToday, "job")} today); they get originals. Uploads and bulk go on.`;
  return { level: "warning", code: "budget", sentence, link: "/steering", since: null };
}

function warmingSpent({ gate }: Circumstances): Warning | null {
  if (!gate.budget.exhausted.warming || isSpent(gate)) return null;
  const sentence = "Warming's share of the month's jobs is spent: uploads and bulk wait, viewers' misses go on.";
  return { level: "warning", code: "budget", sentence, link: "/steering", since: null };
}

/** Speaks of its own lane only. */
function paused({ gate, view: { counts }, now }: Circumstances, lane: Lanes): Warning | null {
  const pause = gate.pauses[lane];
  if (pause === null) return null;
  const { queued, processing, retrying } = counts[lane];
  const until = pause.until === null ? "" : `, for another ${span(pause.until - now)}`;
  const reason = pause.reason === null ? "" : ` (${pause.reason})`;
  const sentence = `${lane} is paused by ${pause.who} since ${momentOf(pause.since)}${until}${reason}. ${waiting(queued + processing + retrying)}.`;
  return { level: "warning", code: "paused", sentence, link: "/steering", since: pause.since };
}

function budgetAlert({ gate }: Circumstances): Warning | null {
  const { budget } = gate;
  if (budget.alert === null || isSpent(gate) || budget.exhausted.warming) return null;
  const sentence = `${percent(budget.used / (budget.monthlyJobs ?? 1))} of the month's ${number(budget.monthlyJobs ?? 0)} jobs are used.`;
  return { level: budget.alert >= 0.8 ? "warning" : "note", code: "budget", sentence, link: "/steering", since: null };
}

function deadLetters({ dead }: Circumstances): Warning | null {
  if (dead === 0) return null;
  return {
    level: "note",
    code: "dead",
    sentence: `${counted(dead, "dead letter")} to look at.`,
    link: "/dead",
    since: null,
  };
}

function waiting(open: number): string {
  return open === 1 ? "1 job waits" : `${number(open)} jobs wait`;
}
