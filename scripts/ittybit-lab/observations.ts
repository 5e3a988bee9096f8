import type { Transform } from "../../packages/shared/src/transform.ts";
import type { Main } from "../../workers/consumer/src/ittybit/check/essentials.ts";
import { ended, patiently, submit } from "../../workers/consumer/src/ittybit/check/session.ts";
import { tryVariants } from "../../workers/consumer/src/ittybit/check/variants.ts";
import type { LabSession } from "./lab-session.ts";
import type { Observation } from "./observation.ts";
import { observeQuality } from "./observe-quality.ts";
import { observeWebhook } from "./observe-webhook.ts";

function same(what: string, seen: string): Observation {
  return { what, seen, differs: null };
}

type Observe = (session: LabSession, main: Main) => Promise<Observation[]>;

const BASE = { fit: null, pos: null, quality: "high" } as const;

const observeVariants: Observe = async (session) => {
  const tried = await tryVariants(session);
  return tried.map(({ name, transform, output }) => {
    if (!output.ok) {
      const setting = transform.fit === null ? { setting: `formats: without "${transform.format}"` } : {};
      const costs = "such variants end dead";
      return { what: name, seen: output.message, differs: `it does not make ${name}`, costs, ...setting };
    }
    session.left.push({ format: transform.format, names: output.removed });
    return same(name, `right, ${output.bytes} bytes`);
  });
};

/** What shows that a photo's position and author reach nobody. */
const ENOUGH = ["Exif", "XMP"];

/** Whether the results still say what the original says: its position, its author. Prewarm takes it out of all that it stores. */
const observeMetadata: Observe = async ({ says, left }) => {
  const what = "position, author";
  if (!says.some((name) => ENOUGH.includes(name)))
    return [same(what, "not tried: the original holds neither Exif nor XMP; name a geotagged photo with --original")];
  const holding = left.filter(({ names }) => names.length > 0);
  if (holding.length === 0) return [same(what, `removed by Ittybit from all ${left.length} results`)];
  const formats = [...new Set(holding.map(({ format }) => format))].sort().join(", ");
  const names = [...new Set(holding.flatMap((one) => one.names))].sort().join(", ");
  return [same(what, `left by Ittybit in ${formats} (${names}); Prewarm removes it from what it stores`)];
};

/** Under an input that is not there: the one way to see how a failed job looks. */
const observeFailure: Observe = async (session) => {
  const url = new URL(session.options.original);
  url.pathname += `.absent-${session.now().toString(36)}`;
  const transform: Transform = { ...BASE, width: 60, height: null, format: "webp" };
  const made = await submit(session, session.order(20, transform, url.href));
  if (made.kind !== "made") return [same("an absent original", `refused: ${made.kind}`)];
  const job = await ended(session, made.job.id);
  if (job.status === "done")
    return [same("an absent original", "the job ended well: the host answers 200 to anything")];
  const isTold = job.error !== null && !job.error.message.startsWith("the job ended");
  if (isTold) return [same("an absent original", `${job.said}: ${job.error?.kind ?? ""} ${job.error?.message}`)];
  const costs = "the dashboard cannot say why";
  return [
    { what: "an absent original", seen: `${job.said}, no reason`, differs: "it gives failed jobs no reason", costs },
  ];
};

/** What Ittybit's older pages name as the longest edge. */
const DOCUMENTED_EDGE = 8192;

const observePanorama: Observe = async (session) => {
  const { panorama } = session.options;
  if (panorama === null) return [];
  const made = await submit(session, session.order(30, { ...BASE, width: 60, height: null, format: "webp" }, panorama));
  const job = made.kind === "made" ? await ended(session, made.job.id) : null;
  if (job?.status === "done") return [same("the panorama", "taken")];
  const refusal = "failure" in made ? made.failure.message : made.kind;
  const seen = job === null ? refusal : `${job.said}: ${job.error?.message}`;
  const costs = "each variant of such an original is paid for and fails";
  const setting = `limits: { originalMaxEdge: ${DOCUMENTED_EDGE} }`;
  return [{ what: "the panorama", seen, differs: "it does not take the panorama", costs, setting }];
};

/** The same key with another body, as after an original was replaced between two POSTs. */
const observeConflict: Observe = async (session, { order, job }) => {
  const other = await submit(session, { ...order, metadata: { ...order.metadata, etag: "another" }, again: true });
  if (other.kind === "made" && other.job.id === job.id) return [same("a key with another body", "the first job")];
  if (other.kind === "made") {
    const costs = "an original that is replaced between two POSTs is paid for twice";
    const differs = "it makes a second job for a key with another body";
    return [{ what: "a key with another body", seen: "a second job", differs, costs }];
  }
  const seen =
    other.kind === "unclear" && other.lookFirst
      ? `refused (${other.failure.httpStatus}): looked for first`
      : other.kind;
  return [same("a key with another body", seen)];
};

const observeMain: Observe = async (session, { made, job, order, createdStatus, replayStatus, tookMs }) => {
  const seen = [
    same("a new job", `${createdStatus} “${made.said}”; ended “${job.said}” after ${(tookMs / 1000).toFixed(1)} s`),
    same("a repeated POST", `${replayStatus}, the same job`),
  ];
  const isEchoed = Object.entries(order.metadata).every(([name, value]) => job.metadata[name] === value);
  if (isEchoed) seen.push(same("metadata", "shown"));
  else {
    const costs =
      "a job whose answer was lost cannot be told by it, which costs an attempt; results are checked by a second look at the original";
    seen.push({ what: "metadata", seen: "not shown", differs: "it does not show metadata", costs });
  }
  if (!job.known) {
    const costs = "such a job looks unfinished until its deadline";
    seen.push({ what: "status", seen: job.said, differs: `it says “${job.said}”, a status no page knows`, costs });
  }
  const at = job.createdAt;
  const off = at === null ? 0 : Math.abs(at - session.now() + tookMs);
  if (off > 60_000) {
    const costs = "job times on the dashboard are wrong";
    seen.push({ what: "clock", seen: `${Math.round(off / 1000)} s off`, differs: "its clock is not ours", costs });
  }
  return seen;
};

/** Jobs at once beyond which reads by their ids cannot keep up; the newest page of a list shows as many. */
const SLOTS_WITHOUT_CURSORS = 100;

const observeLists: Observe = async (session, { job, order }) => {
  const { ittybit } = session;
  const recent = await patiently(session, () => ittybit.list({ limit: 100 }));
  if (recent.kind !== "page") {
    const costs = "jobs are looked at one by one: up to three calls a variant";
    const setting = `gate: { concurrency: ${SLOTS_WITHOUT_CURSORS} } at most`;
    return [{ what: "the list", seen: recent.kind, differs: "it lists no jobs", costs, setting }];
  }
  const seen = [same("the list", shapeOf(session.exchanges.at(-1)?.body))];
  if (!recent.jobs.some(({ id }) => id === job.id)) {
    const costs = "jobs are looked at one by one";
    seen.push({
      what: "the list's jobs",
      seen: `${recent.jobs.length}, not ours`,
      differs: "its list leaves out new jobs",
      costs,
    });
  }
  const after = await patiently(session, () => ittybit.list({ limit: 100, order: "asc", after: job.id }));
  // The other jobs of this check were made after the first one.
  const isKept = after.kind === "page" && !after.ignoresCursors && after.jobs.length > 0;
  if (isKept) seen.push(same("the list from a job on", `${after.jobs.length} jobs`));
  else {
    const costs = "jobs beyond the newest hundred are looked at one by one";
    const setting = `gate: { concurrency: ${SLOTS_WITHOUT_CURSORS} } at most`;
    seen.push({
      what: "the list from a job on",
      seen: after.kind,
      differs: "its list knows no cursors",
      costs,
      setting,
    });
  }
  const filtered = await patiently(session, () => ittybit.list({ limit: 100, input: `${order.input}#none` }));
  if (filtered.kind === "page" && filtered.jobs.length > 0) {
    const costs = "a job whose answer was lost is looked for among all";
    seen.push({
      what: "the list by input",
      seen: "every job",
      differs: "its list takes no notice of the input",
      costs,
    });
  } else seen.push(same("the list by input", filtered.kind === "page" ? "kept to" : filtered.kind));
  return seen;
};

function shapeOf(body: unknown): string {
  if (Array.isArray(body)) return "a bare array";
  return typeof body === "object" && body !== null ? `{${Object.keys(body).join(", ")}}` : typeof body;
}

const observeHook: Observe = (session) =>
  observeWebhook(session, session.order(40, { ...BASE, width: 60, height: null, format: "webp" }));

const observeLimits: Observe = async ({ exchanges, throttles }) => {
  const named = exchanges.flatMap(({ headers }) => [...headers].filter(([name]) => /ratelimit|rate-limit/.test(name)));
  const seen = [...new Map(named)].map(([name, value]) => same(name, value));
  if (throttles.count === 0) return seen;
  const costs = `this check waited ${Math.round(throttles.waitedMs / 1000)} s`;
  const setting = "gate: { ratePerSecond: …, burst: … }: what the account allows";
  const differs = "it answered 429 to a few calls";
  return [...seen, { what: "429", seen: `${throttles.count} times`, differs, costs, setting }];
};

/** Those that make jobs first: the lists are read when there is something in them. */
const OBSERVATIONS: [string, Observe][] = [
  ["the first job", observeMain],
  ["formats", observeVariants],
  ["position, author", observeMetadata],
  ["a failed job", observeFailure],
  ["the panorama", observePanorama],
  ["qualities", observeQuality],
  ["a webhook", observeHook],
  ["a key with another body", observeConflict],
  ["lists", observeLists],
  ["limits", observeLimits],
];

/** What a client need not know, but an operator wants to. Nothing here ends a check: what cannot be seen is said. */
export async function observe(session: LabSession, main: Main): Promise<Observation[]> {
  const all: Observation[] = [];
  for (const [name, look] of OBSERVATIONS) {
    try {
      all.push(...(await look(session, main)));
    } catch (error) {
      all.push(same(name, `not seen: ${error instanceof Error ? error.message : error}`));
    }
  }
  return all;
}
