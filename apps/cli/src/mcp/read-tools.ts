import { Causes, causesQuery } from "@prewarm/control-schema/causes";
import { Gate } from "@prewarm/control-schema/gate";
import { Image, Variant } from "@prewarm/control-schema/images";
import { Job, JobDetail, JobPage, jobsQuery } from "@prewarm/control-schema/jobs";
import { Run, RunPage, runsQuery } from "@prewarm/control-schema/runs";
import { Stats } from "@prewarm/control-schema/stats";
import { DryRun, WarmItem } from "@prewarm/control-schema/warm";
import { jobName } from "@prewarm/control-schema/words";
import { OPEN_STATES } from "@prewarm/shared/job";
import * as z from "zod";
import { seeOutlook } from "../api/outlook.ts";
import type { Namer } from "../input/item.ts";
import { usageError } from "../platform/exit-codes.ts";
import { formatOutlook } from "../send/format-outlook.ts";
import { imageUrls } from "../steps/image-urls.ts";
import { plainUrl } from "../steps/sign-url.ts";
import { type Tool, type ToolDeps, tool } from "./tool.ts";

/** Rows of a list: an agent reads all of them, so a page is short. */
const rows = z.number().int().min(1).max(50).default(20).describe("Rows of the answer");
/** Open variants of an image of which the reason is asked. */
const EXPLAINED = 5;
/** Variants of an image that the answer lists. */
const VARIANTS = 60;

const STATUS = Stats.pick({
  at: true,
  environment: true,
  health: true,
  troubles: true,
  states: true,
  open: true,
  deadLetters: true,
  waitingFor: true,
  rates: true,
  pace: true,
});
const VARIANT = Variant.pick({ transform: true, state: true, bytes: true, v: true, job: true, error: true });
const IMAGE = Image.pick({ id: true, sourceEtag: true, focal: true, purging: true, nextCursor: true }).extend({
  variants: z.array(VARIANT),
});
const JOB = Job.pick({
  job: true,
  id: true,
  v: true,
  transform: true,
  state: true,
  lane: true,
  run: true,
  attempts: true,
  error: true,
  createdAt: true,
  updatedAt: true,
  storedAt: true,
  bytes: true,
});
const DETAIL = z.intersection(JOB, JobDetail.def.right.pick({ waitingFor: true, runs: true, history: true }));
const RUN = Run.pick({
  run: true,
  label: true,
  lane: true,
  state: true,
  outcome: true,
  total: true,
  done: true,
  states: true,
  existing: true,
  rejectedTotal: true,
  waitingFor: true,
  pace: true,
  createdAt: true,
  who: true,
  first: true,
});
const CAUSES = Causes.pick({ exact: true }).extend({
  causes: z.array(Causes.shape.causes.element.omit({ trend: true, sample: true })),
});

const status = tool({
  name: "status",
  description: "How everything stands: health, troubles, jobs by state, why lanes wait, pace and time left.",
  input: z.strictObject({}),
  writes: null,
  run: async (_, { api, sending }) => STATUS.parse(await api.call("GET /api/v1/stats", {}, STATUS, sending("status"))),
});

const image = tool({
  name: "image",
  description:
    "Why is this image not warm? Its variants with their states and errors, and why open ones wait. Takes an id, an image URL of the edge, or the URL of an original.",
  input: z.strictObject({ image: z.string().min(1).max(2100).describe("Id or URL") }),
  writes: null,
  async run({ image: text }, deps) {
    const asked = readName(text, await deps.namer());
    const sending = deps.sending(`image ${asked.id}`);
    const answer = await deps.api.call("GET /api/v1/images/{id}", { params: { id: asked.id } }, IMAGE, sending);
    const { variants, ...about } = IMAGE.parse(answer);
    const open = variants.filter(({ state }) => OPEN_STATES.some((one) => one === state)).slice(0, EXPLAINED);
    return {
      ...about,
      asked: asked.transforms ?? null,
      counts: countBy(variants.map(({ state }) => state)),
      variants: variants.slice(0, VARIANTS),
      more: variants.length > VARIANTS || about.nextCursor !== null,
      waiting: await Promise.all(open.map(({ job }) => why(job, deps))),
      ...(variants.length === 0 ? { hint: "Nothing of it is stored or under way. Nobody warmed or viewed it." } : {}),
    };
  },
});

function readName(text: string, namer: Namer): WarmItem {
  try {
    return namer.fromText(text);
  } catch (error) {
    throw usageError(`${text}: ${error instanceof Error ? error.message : error}`);
  }
}

async function why(job: string, { api, sending }: ToolDeps) {
  const detail = await api.call("GET /api/v1/jobs/{job}", { params: { job } }, DETAIL, sending(`job ${job}`));
  return { job, transform: detail.transform, state: detail.state, waitingFor: detail.waitingFor };
}

function countBy(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((one) => one === name).length]));
}

const job = tool({
  name: "job",
  description: "One job by its name of 11 characters: its state, why it waits, and its failed attempts.",
  input: z.strictObject({ job: jobName }),
  writes: null,
  run: async ({ job: name }, { api, sending }) =>
    DETAIL.parse(await api.call("GET /api/v1/jobs/{job}", { params: { job: name } }, DETAIL, sending(`job ${name}`))),
});

const PAGE = JobPage.extend({ jobs: z.array(JOB) });
const jobs = tool({
  name: "jobs",
  description:
    "Jobs by state, lane, run or search (`id:`, `error:`, `cause:`, `age:>1h`, `attempts:>3`, free text of the key).",
  input: jobsQuery.extend({ limit: rows }).strict(),
  writes: null,
  run: async (query, { api, sending }) =>
    PAGE.parse(await api.call("GET /api/v1/jobs", { query }, PAGE, sending("jobs"))),
});

const causes = tool({
  name: "causes",
  description: "Why jobs fail now, by cause, the most frequent first, each with its meaning and its cure.",
  input: causesQuery.strict(),
  writes: null,
  async run(query, { api, sending }) {
    const answer = CAUSES.parse(await api.call("GET /api/v1/causes", { query }, CAUSES, sending("the causes")));
    return { ...answer, causes: answer.causes.slice(0, 20) };
  },
});

const RUNS = RunPage.extend({ runs: z.array(RUN) });
const runs = tool({
  name: "runs",
  description: "The latest warming runs, or one run by its name: progress, result, time left.",
  input: runsQuery.extend({ limit: rows, run: z.string().max(80).optional().describe("Only this run") }).strict(),
  writes: null,
  async run({ run, ...query }, { api, sending }) {
    if (run === undefined) return RUNS.parse(await api.call("GET /api/v1/runs", { query }, RUNS, sending("runs")));
    return RUN.parse(await api.call("GET /api/v1/runs/{run}", { params: { run } }, RUN, sending(`run ${run}`)));
  },
});

const MONEY = Stats.pick({ budget: true, spent: true }).extend({
  gate: Gate.pick({ paused: true, rate: true, concurrency: true, reasons: true }),
});
const budget = tool({
  name: "budget",
  description: "The month's budget: used, left, money; the gate's rate and concurrency, and what it holds back.",
  input: z.strictObject({}),
  writes: null,
  run: async (_, { api, sending }) => MONEY.parse(await api.call("GET /api/v1/stats", {}, MONEY, sending("budget"))),
});

const ESTIMATE = DryRun.pick({
  images: true,
  variants: true,
  existing: true,
  duplicates: true,
  jobs: true,
  downloadBytes: true,
  exact: true,
  rejected: true,
  rejectedTotal: true,
});
const estimate = tool({
  name: "estimate",
  description:
    "What warming images would take: jobs, money, time, and whether the month's budget allows it. Sends nothing.",
  input: z.strictObject({ items: z.array(WarmItem).min(1).max(500) }),
  writes: null,
  async run({ items }, { api, sending }) {
    const given = { query: { dryRun: "1" as const }, body: { items } };
    const counted = ESTIMATE.parse(await api.call("POST /api/v1/warm", given, ESTIMATE, sending("the estimate")));
    const outlook = await seeOutlook(counted.jobs, api);
    const rejected = counted.rejected.slice(0, 20);
    return { ...counted, rejected, ...(outlook === null ? {} : Object.fromEntries(formatOutlook(outlook))) };
  },
});

const url = tool({
  name: "url",
  description: "The image URL of an id and options, by prewarm.config.ts, without a call. It signs nothing.",
  input: z.strictObject({
    id: z.string().min(1).max(2100),
    transforms: z.array(z.string().min(1).max(256)).max(20).default([]).describe("Such as w=800&f=auto"),
    presets: z.array(z.string().min(1).max(64)).max(20).default([]),
    v: WarmItem.shape.v,
  }),
  writes: null,
  async run({ id, transforms, presets, v }, { config, edgeUrl }) {
    const asked = { transforms, presets, recipe: null, version: v ?? null };
    const urls = imageUrls(id, asked, await config());
    const base = edgeUrl();
    return urls.map(({ path, query, needsSignature }) => ({
      url: plainUrl({ base, path, query }),
      ...(needsSignature ? { needsSignature: "The edge refuses it without one. Sign it in a shell: prewarm url" } : {}),
    }));
  },
});

const check = tool({
  name: "check",
  description: "What `prewarm check --offline` says of prewarm.config.ts and the wrangler files: faults and advice.",
  input: z.strictObject({}),
  writes: null,
  run: (_, deps) => deps.check(),
});

export const READ_TOOLS: readonly Tool[] = [status, image, job, jobs, causes, runs, budget, estimate, url, check];
