import { LANES, type Lane } from "@prewarm/shared/job";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import { counted, momentOf, number, percent, span } from "@prewarm/shared/words";
import type { Facts } from "./facts.ts";
import { type Failure, hostIn, NEWEST_MAX, type Top } from "./failures.ts";
import { stopped } from "./rules-of-parts.ts";
import type { Said } from "./said.ts";

/*
 * The rules of jobs that fail, are refused, take long or do not move.
 */

/** Waiting for longer than this without any job ended is a trouble, and so is a viewer's job that waits, in ms. */
const STUCK_MS = 300_000;
const VIEWER_STUCK_MS = 60_000;
/** Three times as long, and five times as long for a viewer, is a problem, in ms. */
const STUCK_PROBLEM_MS = 900_000;
const VIEWER_PROBLEM_MS = 300_000;
/** Share of attempts that failed. */
const FAILURES_WARN = 0.2;
/** Fewer failures are no pattern. */
const FAILED_MIN = 3;
/** Without a further failure for so long the cause is gone, in ms. */
const FAILED_LATELY_MS = 90_000;

/** A warning while some results fail; a problem once none can be fetched and the breaker has opened for it. */
export function results(facts: Facts): [Said | null] {
  const { results: unfetched, now } = facts;
  if (unfetched === null || (!unfetched.isBreaker && unfetched.n < FAILED_MIN)) return [null];
  const { n, since, message, isBreaker } = unfetched;
  const said = { since, cause: "results", host: message === null ? null : hostIn(message) };
  if (isBreaker) {
    const { sentence, affects } = stopped(facts);
    return [{ ...said, level: "problem", link: "/steering", sentence, affects: { ...affects, count: n } }];
  }
  const why = message === null ? "" : `: ${message.replace(/[.!?]$/, "")}`;
  const sentence = `The results of ${counted(n, "paid job")} cannot be fetched, the first for ${span(now - since)}${why}.`;
  return [{ ...said, sentence, affects: { count: n } }];
}

/** Hosts of originals that are left alone, each with its probe. */
export function origins({ gate: { reasons } }: Facts): Said[] {
  return reasons
    .filter(({ code }) => code === "origin")
    .map(({ message: sentence }) => {
      const [host = ""] = sentence.split(" fails ");
      return { sentence, of: host, host };
    });
}

/** Of a part whose failure is told already, such as a host that is left alone, the attempts are no further trouble. */
export function failing(facts: Facts): Said[] {
  const isTold = ({ part, host }: Failure) =>
    (part === "originals" && origins(facts).some((one) => one.host === host)) ||
    (part === "results" && facts.results !== null);
  return facts.failures.failing
    .filter(({ n, of, last }) => n >= FAILED_MIN && n > FAILURES_WARN * of && facts.now - last <= FAILED_LATELY_MS)
    .filter((one) => !isTold(one))
    .map((one) => ({
      ...ofFailure(one),
      sentence: `${percent(one.n / one.of)} of ${counted(one.of, "attempt")} failed in the last five minutes${causeOf(one.top)}`,
    }));
}

export function died({ failures }: Facts): Said[] {
  return failures.died.map((one) => ({
    ...ofFailure(one),
    sentence: `${counted(one.n, "job")} died within the hour${causeOf(one.top)}`,
  }));
}

export function refusing({ failures }: Facts): Said[] {
  return failures.refused.map((one) => {
    const { run, n, of, top } = one;
    const where = run === null ? `below ${top.folder || "the root"}` : `of the run ${run.label ?? run.id}`;
    const sentence = `${number(n)} of ${counted(of, "variant")} ${where} were refused${causeOf(top)}`;
    const cure = JOB_ERRORS[top.code]?.cure;
    const said = { ...ofFailure(one), ...(cure === undefined ? {} : { cure }), sentence };
    if (run === null) return { ...said, of: `folder ${top.folder}` };
    return { ...said, of: run.id, link: `/runs/${run.id}`, affects: { ...said.affects, run: run.id } };
  });
}

function ofFailure({ part, host, n, top: { cause, formats, folder } }: Failure) {
  return { part, of: part, host, cause, formats, affects: { count: n, folder: folder === "" ? null : folder } };
}

/** `: 41 jobs with "encoder out of memory" (upstream_failed), all avif, all below p/.` Of many, `: of the newest 40 jobs, 31 with …`. */
function causeOf({ count, of, text, code, formats, folder }: Top): string {
  const most = count < of ? "most often, " : "";
  const jobs =
    of < NEWEST_MAX ? `${most}${counted(count, "job")}` : `of the newest ${number(of)} jobs, ${number(count)}`;
  const [format = ""] = formats;
  const all = formats.length === 1 ? `, all ${format}` : "";
  const below = folder === "" ? "" : `, all below ${folder}`;
  return `: ${jobs} with "${text.replace(/[.!?]$/, "")}" (${code})${all}${below}.`;
}

/** Slots are what a slow Ittybit holds: nothing is closed. */
export function slow({ slow: found }: Facts): [Said | null] {
  return [found === null ? null : { sentence: found.sentence, affects: { count: found.n } }];
}

/** Of lanes that nothing holds: a held lane waits for the reason that holds it. A slow Ittybit holds its slots. */
export function stuck(facts: Facts): [Said | null] {
  const { now, held, oldestWaiting, endedPerSecond } = facts;
  if (facts.slow !== null || facts.gate.breaker.state !== "closed") return [null];
  const ageOf = (lane: Lane) => (held[lane] ? 0 : now - (oldestWaiting[lane] ?? now));
  const lanes = LANES.filter((lane) => ageOf(lane) > 0);
  const age = Math.max(0, ...lanes.map(ageOf));
  if (endedPerSecond === 0 && age > STUCK_MS)
    return [
      {
        level: age > STUCK_PROBLEM_MS ? "problem" : "warning",
        cause: "all",
        affects: { lanes },
        sentence: `Nothing has ended lately, and the oldest job has waited since ${momentOf(now - age)}.`,
      },
    ];
  const waits = ageOf("live");
  if (waits <= VIEWER_STUCK_MS) return [null];
  const sentence = `A viewer's job has waited since ${momentOf(now - waits)}, though nothing holds its lane.`;
  const level = waits > VIEWER_PROBLEM_MS ? "problem" : "warning";
  return [{ level, sentence, cause: "live", affects: { lanes: ["live"] } }];
}
