import type { Gate } from "@prewarm/control-schema/gate";
import { FULL_BYTES, SHED_BYTES } from "@prewarm/durable-queue";
import { LANES, type Lane, OPEN_STATES } from "@prewarm/shared/job";
import { LEDGER_LIMIT_BYTES } from "@prewarm/shared/limits";
import { counted, momentOf, number, percent, span } from "@prewarm/shared/words";
import { LATE_COUNTED_MAX } from "../../images/tables/sweeps.ts";
import { type Facts, waitingLanes } from "./facts.ts";
import type { Said } from "./said.ts";

/*
 * The rules of what holds jobs back, and of parts that serve all jobs.
 */

/** Changes that the edges have not been told for so long, in ms. */
const UNTOLD_MS = 60_000;
const UNTOLD_PROBLEM_MS = 300_000;
/** A pause without an end is asked about after a day, in ms. */
const FORGOTTEN_MS = 86_400_000;
/** From this share of the month's jobs on, a passed level is a warning. */
const LEVEL_WARN = 0.8;

export function ledgerLarge({ bytes }: Facts): [Said | null] {
  if (bytes <= SHED_BYTES) return [null];
  const holds = `The ledger holds ${gigabytes(bytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}:`;
  if (bytes > FULL_BYTES) return [{ sentence: `${holds} new bulk is refused. Views and uploads go on.` }];
  const sentence = `${holds} it keeps only what is needed, and takes no new bulk from ${gigabytes(FULL_BYTES)} on.`;
  return [{ level: "warning", sentence }];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** For two minutes after an older copy of the ledger was put back nothing is handed out. */
export function restored(facts: Facts): [Said | null] {
  const held = facts.gate.reasons.find(({ code }) => code === "restored");
  if (held === undefined) return [null];
  const left = span((held.until ?? facts.now) - facts.now);
  const sentence = `${held.message} ${waiting(openJobs(facts))} for another ${left}; viewers get originals.`;
  return [{ sentence, cause: `${held.until}`, affects: { lanes: waitingLanes(facts) } }];
}

/** What Ittybit says of our account by these statuses. */
const MEANINGS: Record<number, string> = { 401: "the key is not accepted", 402: "billing", 403: "not allowed" };
const OUTAGE_CURE =
  "Look at Ittybit's status, and at ITTYBIT_API_URL. A test job finds out when it answers; Reset the breaker to go on at once.";

/** Ittybit's. While no result can be fetched, it is the trouble of their host. */
export function breaker(facts: Facts): [Said | null] {
  const { breaker: at } = facts.gate;
  if (at.state === "closed" || facts.results?.isBreaker === true) return [null];
  // What is wrong with the account is another trouble than an outage, and is told beside it.
  const own = at.status !== null && at.status in MEANINGS ? { of: "account" } : { cure: OUTAGE_CURE };
  return [{ ...stopped(facts), ...own, since: at.since, cause: `${at.status} ${at.since}` }];
}

/** What an open breaker says: everything waits, and when a job is tried. */
export function stopped(facts: Facts): Pick<Said, "sentence"> & { affects: { lanes: Lane[] } } {
  const { now } = facts;
  const { breaker: at } = facts.gate;
  const since = at.since === null ? "" : ` since ${momentOf(at.since)}`;
  const probe =
    at.probeAt === null ? "" : ` One job is tried ${at.probeAt > now ? `in ${span(at.probeAt - now)}` : "now"}.`;
  const sentence = `${breakerText(at)} Everything waits${since}; viewers get originals.${probe}`;
  return { sentence, affects: { lanes: waitingLanes(facts) } };
}

function breakerText({ status, reason }: Gate["breaker"]): string {
  if (status !== null && status in MEANINGS) return `Ittybit answers ${status}: ${MEANINGS[status]}.`;
  return reason === null ? "Ittybit fails too often." : `${reason.replace(/\.?$/, ".")}`;
}

/** The month's, or a share of it, or a level that the configuration names. */
export function budget(facts: Facts): (Said | null)[] {
  const { budget: of } = facts.gate;
  if (of.monthlyJobs !== null && of.used >= of.monthlyJobs) {
    const open = openJobs(facts);
    const sentence = `The month's ${number(of.monthlyJobs)} jobs are spent. ${waiting(open)} until the budget is raised or the month ends; viewers get originals.`;
    return [{ cause: of.month, sentence, affects: { lanes: waitingLanes(facts), count: open } }];
  }
  return [viewersSpent(facts), warmingSpent(facts), levelPassed(facts)];
}

function viewersSpent(facts: Facts): Said | null {
  const { budget: of } = facts.gate;
  if (!of.exhausted.live) return null;
  const waits = facts.counts.live.queued + facts.counts.live.retrying;
  const sentence = `Viewers' share of the budget is spent (${counted(of.liveToday, "job")} today): ${waiting(waits)}, and viewers get originals. Uploads and bulk go on.`;
  const cause = new Date(facts.now).toISOString().slice(0, 10);
  const cure = "Raise the budget or the viewers' share, or wait for the next day.";
  return { of: "live", level: "warning", cause, cure, sentence, affects: { lanes: ["live"], count: waits } };
}

function warmingSpent(facts: Facts): Said | null {
  const { budget: of } = facts.gate;
  if (!of.exhausted.warming) return null;
  const { upload, bulk } = facts.counts;
  const waits = upload.queued + upload.retrying + bulk.queued + bulk.retrying;
  const sentence = `Warming's share of the month's jobs is spent: ${waiting(waits)} in upload and bulk, viewers' misses go on.`;
  const affects = { lanes: ["upload", "bulk"] satisfies Lane[], count: waits };
  return { of: "warming", level: "warning", cause: of.month, sentence, affects };
}

function levelPassed({ gate: { budget: of } }: Facts): Said | null {
  if (of.alert === null || of.exhausted.warming) return null;
  const sentence = `${percent(of.used / (of.monthlyJobs ?? 1))} of the month's ${number(of.monthlyJobs ?? 0)} jobs are used.`;
  const level = of.alert >= LEVEL_WARN ? "warning" : "note";
  return { of: "level", level, cause: `${of.month} ${of.alert}`, sentence };
}

export function throttled(facts: Facts): [Said | null] {
  const { throttledUntil } = facts.gate;
  if (throttledUntil === null) return [null];
  const goesOn = span(throttledUntil - facts.now);
  const sentence = `Ittybit asked us to slow down. New jobs go on in ${goesOn}; ${waiting(openJobs(facts))}.`;
  return [{ sentence, affects: { lanes: waitingLanes(facts) } }];
}

/** A hook whose uploads are refused until midnight: its secret may be in other hands. */
export function hooksSpent({ spentHooks }: Facts): Said[] {
  return spentHooks.map(({ name, most, run }) => ({
    sentence: `The hook ${name} has ordered its ${counted(most, "job")} of today (UTC): its uploads are refused until midnight. Deletions go on.`,
    of: name,
    cause: run,
    link: `/runs/${run}`,
    affects: { run },
  }));
}

/** Speaks of its own lane only. */
export function paused({ gate, counts, now }: Facts): (Said | null)[] {
  return LANES.map((lane) => {
    const pause = gate.pauses[lane];
    if (pause === null) return null;
    const { queued, processing, retrying } = counts[lane];
    const until = pause.until === null ? "" : ` until ${momentOf(pause.until)}`;
    const reason = pause.reason === null ? "" : ` (${pause.reason})`;
    const waits = queued + processing + retrying;
    const sentence = `${lane} is paused by ${pause.who} since ${momentOf(pause.since)}${until}${reason}. ${waiting(waits)}.`;
    const isForgotten = pause.until === null && now - pause.since > FORGOTTEN_MS;
    const asked = isForgotten ? { cure: "Is the reason gone? Then resume the lane; else give the pause an end." } : {};
    const cause = `${pause.since}${isForgotten ? " for a day" : ""}`;
    return { sentence, of: lane, since: pause.since, cause, ...asked, affects: { lanes: [lane], count: waits } };
  });
}

/** Purges, removals and new originals that have not reached R2. */
export function sweepsLate({ now, lateSweeps }: Facts): [Said | null] {
  if (lateSweeps === null) return [null];
  const { n, since } = lateSweeps;
  const late = `${n === 1 ? "is" : "are"} late, the oldest by ${span(now - since)}`;
  const many = n >= LATE_COUNTED_MAX ? `${number(n)} or more sweeps` : counted(n, "sweep");
  const sentence = `${many} of a purge, removal or new original ${late}: R2 still has old objects.`;
  return [{ sentence, since, affects: { count: n } }];
}

export function untold({ now, untoldSince }: Facts): [Said | null] {
  const age = now - (untoldSince ?? now);
  if (untoldSince === null || age <= UNTOLD_MS) return [null];
  const sentence = `The edges have not been told of changes for ${span(age)}: they may show purged images.`;
  return [{ level: age > UNTOLD_PROBLEM_MS ? "problem" : "warning", sentence, since: untoldSince, cause: "untold" }];
}

export function shed({ now, shedUntil }: Facts): [Said | null] {
  if (shedUntil === null) return [null];
  const sentence = `Too many messages of viewers were useless, so edges shed misses without a signature for another ${span(shedUntil - now)}.`;
  return [{ sentence, cause: "shed", affects: { lanes: ["live"] } }];
}

function openJobs({ counts }: Facts): number {
  return LANES.reduce((sum, lane) => sum + OPEN_STATES.reduce((all, state) => all + counts[lane][state], 0), 0);
}

function waiting(open: number): string {
  return open === 1 ? "1 job waits" : `${number(open)} jobs wait`;
}
