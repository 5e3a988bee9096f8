import type { Gate } from "@prewarm/control-schema/gate";
import type { Warning } from "@prewarm/control-schema/stats";
import { FULL_BYTES, SHED_BYTES } from "@prewarm/durable-queue";
import { type JobState, LANES, type Lane, OPEN_STATES } from "@prewarm/shared/job";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import { LEDGER_LIMIT_BYTES } from "@prewarm/shared/limits";
import { counted, momentOf, number, percent, span } from "@prewarm/shared/words";
import { NEWEST_MAX } from "../../console/tables/failures.ts";
import { LATE_COUNTED_MAX } from "../../images/tables/sweeps.ts";
import type { LedgerNumbers, SpentHook, Trouble } from "../calls.ts";

/** A warning, and by what `acknowledged.ts` judges whether it has changed. */
export interface Alarm extends Omit<Warning, "acknowledged"> {
  /** Jobs or attempts that it has hit; 0 where a number says nothing. */
  size: number;
  /** What its failures have in common; empty: nothing that is known. */
  formats: readonly string[];
  /** The folder that has them all; "": none. */
  prefix: string;
}

interface Circumstances {
  now: number;
  gate: Gate;
  ledgerBytes: number;
  open: number;
  dead: number;
  view: LedgerNumbers;
}

/** What to do about a trouble, by its code. */
const CURES: Record<string, string> = {
  ledger: "Finish or cancel bulk runs.",
  restored: "Nothing. Jobs go on two minutes after the restore.",
  breaker: "Correct the Ittybit account. A test job finds that out; Reset the breaker to go on at once.",
  origin: "Correct the origin, then choose Try now.",
  failing: "Remove the cause, then choose Try now.",
  refusing: "See the causes.",
  died: "Remove the cause, then choose Retry dead.",
  slow: "Nothing. If it lasts, ask Ittybit.",
  stuck: "Look at /readyz, then at the Worker's log.",
  throttled: "Nothing. If it repeats, lower the rate.",
  budget: "Raise the budget, or wait for the next month.",
  hook: "If you know these uploads, raise jobsPerDay of the hook and deploy. If not, replace its secret, and cancel the run.",
  sweeps: "Look for queue.duty_failed in the log of the consumer: it says what R2 answered.",
  paused: "Resume the lane once the reason is gone.",
};

/** Waiting for longer than this without any job ended is worth a warning, in ms. */
const STUCK_MS = 300_000;
/** Share of attempts that failed, and of jobs that were refused. */
const FAILURES_WARN = 0.2;
const REFUSED_WARN = 0.2;
/** Fewer are a page or two, and no pattern. */
const REFUSED_MIN = 10;
const FAILED_MIN = 3;

/** Everything that the ledger knows to be wrong, the worst first: each with its cause, and where that stands. */
export function alarmsOf(view: LedgerNumbers, now: number): Alarm[] {
  const sum = (state: JobState) => LANES.reduce((total, lane) => total + view.counts[lane][state], 0);
  const open = OPEN_STATES.reduce((total, state) => total + sum(state), 0);
  const standing = { now, gate: view.gate, ledgerBytes: view.bytes, open, dead: sum("dead"), view };
  return [
    ledgerFull(standing),
    restored(standing),
    breaker(standing),
    budgetSpent(standing),
    ...origins(standing),
    failing(standing),
    refusing(standing),
    died(standing),
    slow(standing),
    stuck(standing),
    throttled(standing),
    viewersSpent(standing),
    warmingSpent(standing),
    ...view.spentHooks.map(hookSpent),
    ...LANES.map((lane) => paused(standing, lane)),
    sweepsLate(standing),
    ledgerSheds(standing),
    budgetAlert(standing),
    deadLetters(standing),
  ].filter((one) => one !== null);
}

/** An alarm of one kind: of a thing that is there or not, unless more is said. */
function alarm(
  level: Warning["level"],
  code: string,
  said: Pick<Alarm, "sentence" | "link"> & Partial<Omit<Alarm, "level" | "code">>,
): Alarm {
  const unsaid = { key: code, cause: level, since: null, size: 0, formats: [], prefix: "" };
  return { level, code, cure: CURES[code] ?? "", ...unsaid, ...said };
}

function ledgerFull({ ledgerBytes }: Circumstances): Alarm | null {
  if (ledgerBytes <= FULL_BYTES) return null;
  const sentence = `The ledger holds ${gigabytes(ledgerBytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}: new bulk is refused. Views and uploads go on.`;
  return alarm("problem", "ledger", { sentence, link: "/readyz" });
}

function ledgerSheds({ ledgerBytes }: Circumstances): Alarm | null {
  if (ledgerBytes <= SHED_BYTES || ledgerBytes > FULL_BYTES) return null;
  const sentence = `The ledger holds ${gigabytes(ledgerBytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}: it keeps only what is needed, and takes no new bulk from ${gigabytes(FULL_BYTES)} on.`;
  return alarm("warning", "ledger", { sentence, link: "/readyz" });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** For two minutes after an older copy of the ledger was put back nothing is handed out. */
function restored({ gate, open, now }: Circumstances): Alarm | null {
  const held = heldBack(gate);
  if (held === null) return null;
  const sentence = `${held.message} ${waiting(open)} for another ${span((held.until ?? now) - now)}; viewers get originals.`;
  return alarm("warning", "restored", { sentence, link: "/steering", cause: `${held.until}` });
}

function heldBack({ reasons }: Gate): Gate["reasons"][number] | null {
  return reasons.find(({ code }) => code === "restored") ?? null;
}

function breaker({ gate: { breaker: at }, now }: Circumstances): Alarm | null {
  if (at.state === "closed") return null;
  const since = at.since === null ? "" : ` since ${momentOf(at.since)}`;
  const probe =
    at.probeAt === null ? "" : ` One job is tried ${at.probeAt > now ? `in ${span(at.probeAt - now)}` : "now"}.`;
  const sentence = `${breakerText(at)} Everything waits${since}; viewers get originals.${probe}`;
  return alarm("problem", "breaker", {
    sentence,
    link: "/steering",
    since: at.since,
    cause: `${at.status} ${at.since}`,
  });
}

function breakerText({ status, reason }: Gate["breaker"]): string {
  const meaning: Record<number, string> = { 401: "the key is not accepted", 402: "billing", 403: "not allowed" };
  if (status !== null && status in meaning) return `Ittybit answers ${status}: ${meaning[status]}.`;
  return reason === null ? "Ittybit fails too often." : `${reason.replace(/\.?$/, ".")}`;
}

function isSpent({ budget }: Gate): boolean {
  return budget.monthlyJobs !== null && budget.used >= budget.monthlyJobs;
}

function budgetSpent({ gate, open }: Circumstances): Alarm | null {
  const { budget } = gate;
  if (!isSpent(gate)) return null;
  const sentence = `The month's ${number(budget.monthlyJobs ?? 0)} jobs are spent. ${waiting(open)} until the budget is raised or the month ends; viewers get originals.`;
  return alarm("problem", "budget", { sentence, link: "/steering", cause: budget.month });
}

/** Origins that are left alone, each with its probe. */
function origins({ gate: { reasons } }: Circumstances): Alarm[] {
  return reasons
    .filter(({ code }) => code === "origin")
    .map(({ message: sentence }) => {
      const [origin] = sentence.split(" fails ");
      return alarm("warning", "origin", { sentence, link: "/jobs?state=retrying", key: `origin.${origin}` });
    });
}

function failing({ view: { troubles } }: Circumstances): Alarm | null {
  const { failing: trouble } = troubles;
  if (trouble === null || trouble.n < FAILED_MIN || trouble.n <= FAILURES_WARN * trouble.of) return null;
  const sentence = `${percent(trouble.n / trouble.of)} of ${counted(trouble.of, "attempt")} failed in the last five minutes${cause(trouble)}`;
  return alarm("warning", "failing", { sentence, link: "/causes?window=5m", ...growth(trouble) });
}

function refusing({ view: { troubles } }: Circumstances): Alarm | null {
  const { refusing: trouble } = troubles;
  if (trouble === null || trouble.n < REFUSED_MIN || trouble.n <= REFUSED_WARN * trouble.of) return null;
  const sentence = `${number(trouble.n)} of ${counted(trouble.of, "variant")} that ended within the hour were refused${cause(trouble)}`;
  const cure = JOB_ERRORS[trouble.top?.code ?? ""]?.cure;
  const said = { sentence, link: "/causes?window=1h", ...growth(trouble) };
  return alarm("warning", "refusing", cure === undefined ? said : { ...said, cure });
}

function died({ view: { troubles } }: Circumstances): Alarm | null {
  const { died: trouble } = troubles;
  if (trouble === null) return null;
  const sentence = `${counted(trouble.n, "job")} died within the hour${cause(trouble)}`;
  return alarm("warning", "died", { sentence, link: "/causes?window=1h", ...growth(trouble) });
}

/** `: 41 jobs with "encoder out of memory" (upstream_failed), all avif, all below p/.` Of many, `: of the newest 40 jobs, 31 with …`. */
function cause({ top }: Trouble): string {
  if (top === null) return ".";
  const most = top.count < top.of ? "most often, " : "";
  const jobs =
    top.of < NEWEST_MAX ? `${most}${counted(top.count, "job")}` : `of the newest ${top.of} jobs, ${top.count}`;
  const [format = ""] = top.formats;
  const formats = top.formats.length === 1 ? `, all ${format}` : "";
  const prefix = top.prefix === "" ? "" : `, all below ${top.prefix}`;
  return `: ${jobs} with "${top.text.replace(/[.!?]$/, "")}" (${top.code})${formats}${prefix}.`;
}

function growth({ n, top }: Trouble): Partial<Alarm> {
  return { size: n, cause: top?.cause ?? "", formats: top?.formats ?? [], prefix: top?.prefix ?? "" };
}

/** Slots are what a slow engine holds: nothing is closed. */
function slow({ gate: { reasons } }: Circumstances): Alarm | null {
  const reason = reasons.find(({ code }) => code === "slow");
  return reason === undefined
    ? null
    : alarm("warning", "slow", { sentence: reason.message, link: "/jobs?state=processing" });
}

/** A paused lane waits on purpose: only others are stuck. */
function stuck({ gate, now, view: { rates, oldestWaiting } }: Circumstances): Alarm | null {
  if (gate.breaker.state !== "closed" || rates.ended > 0 || heldBack(gate) !== null) return null;
  const ages = LANES.filter((lane) => !gate.paused[lane]).map((lane) => now - (oldestWaiting[lane] ?? now));
  const age = Math.max(0, ...ages);
  if (age <= STUCK_MS) return null;
  const sentence = `Nothing has ended lately, and the oldest job has waited for ${span(age)}.`;
  return alarm("warning", "stuck", { sentence, link: "/jobs?state=queued" });
}

function throttled({ gate, open, now }: Circumstances): Alarm | null {
  if (gate.throttledUntil === null) return null;
  const sentence = `Ittybit asked us to slow down. New jobs go on in ${span(gate.throttledUntil - now)}; ${waiting(open).toLowerCase()}.`;
  return alarm("warning", "throttled", { sentence, link: "/steering" });
}

function viewersSpent({ gate, now }: Circumstances): Alarm | null {
  const today = new Date(now).toISOString().slice(0, 10);
  if (!gate.budget.exhausted.live || isSpent(gate)) return null;
  const sentence = `Viewers' share of the budget is spent (${counted(gate.budget.liveToday, "job")} today); they get originals. Uploads and bulk go on.`;
  return alarm("warning", "budget", { sentence, link: "/steering", key: "budget.live", cause: today });
}

function warmingSpent({ gate }: Circumstances): Alarm | null {
  if (!gate.budget.exhausted.warming || isSpent(gate)) return null;
  const { month } = gate.budget;
  const sentence = "Warming's share of the month's jobs is spent: uploads and bulk wait, viewers' misses go on.";
  return alarm("warning", "budget", { sentence, link: "/steering", key: "budget.warming", cause: month });
}

/** A hook whose uploads are refused until midnight: its secret may be in other hands. */
function hookSpent({ name, most, run }: SpentHook): Alarm {
  const sentence = `The hook ${name} has ordered its ${counted(most, "job")} of today (UTC): its uploads are refused until midnight. Deletions go on.`;
  return alarm("warning", "hook", { sentence, link: `/runs/${run}`, key: `hook.${name}`, cause: run });
}

/** Purges, removals and new originals that have not reached R2. */
function sweepsLate({ now, view: { lateSweeps } }: Circumstances): Alarm | null {
  if (lateSweeps === null) return null;
  const { n, since } = lateSweeps;
  const late = `${n === 1 ? "is" : "are"} late, the oldest by ${span(now - since)}`;
  const many = n >= LATE_COUNTED_MAX ? `${number(n)} or more sweeps` : counted(n, "sweep");
  const sentence = `${many} of a purge, removal or new original ${late}: R2 still has old objects.`;
  return alarm("problem", "sweeps", { sentence, link: "/system", since, size: n });
}

/** Speaks of its own lane only. */
function paused({ gate, view: { counts }, now }: Circumstances, lane: Lane): Alarm | null {
  const pause = gate.pauses[lane];
  if (pause === null) return null;
  const { queued, processing, retrying } = counts[lane];
  const until = pause.until === null ? "" : `, for another ${span(pause.until - now)}`;
  const reason = pause.reason === null ? "" : ` (${pause.reason})`;
  const sentence = `${lane} is paused by ${pause.who} since ${momentOf(pause.since)}${until}${reason}. ${waiting(queued + processing + retrying)}.`;
  return alarm("warning", "paused", {
    ...{ sentence, link: "/steering", since: pause.since, key: `paused.${lane}`, cause: `${pause.since}` },
  });
}

function budgetAlert({ gate }: Circumstances): Alarm | null {
  const { budget } = gate;
  if (budget.alert === null || isSpent(gate) || budget.exhausted.warming) return null;
  const sentence = `${percent(budget.used / (budget.monthlyJobs ?? 1))} of the month's ${number(budget.monthlyJobs ?? 0)} jobs are used.`;
  const level = budget.alert >= 0.8 ? "warning" : "note";
  return alarm(level, "budget", {
    ...{ sentence, link: "/steering", key: "budget.alert", cause: `${budget.month} ${budget.alert}` },
  });
}

function deadLetters({ dead }: Circumstances): Alarm | null {
  if (dead === 0) return null;
  return alarm("note", "dead", {
    sentence: `${counted(dead, "dead letter")} to look at.`,
    link: "/causes?window=all&state=dead",
    size: dead,
  });
}

function waiting(open: number): string {
  return open === 1 ? "1 job waits" : `${number(open)} jobs wait`;
}
