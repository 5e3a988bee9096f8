import type { Action } from "@prewarm/control-schema/actions";
import type { AuditEntry } from "@prewarm/control-schema/audit";
import type { Answer } from "@prewarm/control-schema/calls";
import type { Causes } from "@prewarm/control-schema/causes";
import type { Costs, Dimension } from "@prewarm/control-schema/costs";
import type { ReportedCoverage } from "@prewarm/control-schema/coverage";
import type { EventPage } from "@prewarm/control-schema/events";
import type { Hooks } from "@prewarm/control-schema/hooks";
import type { Image, ImageOrders, ImageSummary } from "@prewarm/control-schema/images";
import { Job, type JobDetail } from "@prewarm/control-schema/jobs";
import type { Pace } from "@prewarm/control-schema/pace";
import type { Run } from "@prewarm/control-schema/runs";
import type { Serving } from "@prewarm/control-schema/serving";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import type { JobState, Lane } from "@prewarm/control-schema/words";

/* What a fake control API answers: busy, or hostile. Shapes are the generated ones, so a change of the document breaks these first. */

export const HOSTILE = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>"'\`{{7*7}}\u202Egnp.exe`;
const NOW = Date.now();
const STATES: JobState[] = [
  "dead",
  "retrying",
  "processing",
  "queued",
  "queued",
  "stored",
  "stored",
  "refused",
  "cancelled",
  "dead",
];
const LANES: Lane[] = ["live", "upload", "bulk"];
const IDS = [
  "photos/2026/harbour-at-dawn",
  "products/oak-chair",
  "team/ada",
  "journal/a-very-long-name-of-an-image-that-somebody-exported-from-a-camera-without-thinking-IMG_20261124_160512",
];
const ERRORS = [
  {
    code: "upstream_failed",
    message: "Ittybit could not decode the input: unexpected end of JPEG data at byte 48213.",
  },
  { code: "output_invalid", message: "The output is 799 px wide, not 800." },
  { code: "original_unreachable", message: "cdn.example.com answered 503 three times." },
];
const REFUSAL = { code: "missing", message: "cdn.example.com answered 404." };

export function jobAt(index: number, hostile = false): Job {
  const state = STATES[index % STATES.length] ?? "queued";
  const width = [400, 800, 1200][index % 3];
  const format = (["webp", "avif", "jpeg"] as const)[index % 3] ?? "webp";
  const id = hostile ? `${index}${HOSTILE}` : `${IDS[index % IDS.length]}${index > 3 ? `-${index}` : ""}`;
  const failed = state === "dead" || state === "retrying";
  return {
    ...leastValue(Job),
    job: index.toString(36).padStart(11, "0"),
    key: `${encodeURIComponent(id)}/${width}-high.${format}`,
    id,
    transform: `w=${width}&q=high&f=${format}`,
    format,
    state,
    lane: LANES[index % 3] ?? "bulk",
    run: index % 3 === 0 ? null : `run_${index % 7}`,
    attempts: failed ? 1 + (index % 5) : 0,
    error: errorAt(index, state, hostile),
    ittybitJob: state === "queued" ? null : `task_${1000 + index}`,
    due: state === "retrying" ? NOW + 42_000 : null,
    createdAt: NOW - 600_000 - index * 9000,
    updatedAt: NOW - index * 7000,
    submittedAt: state === "stored" ? NOW - index * 7000 - 2_400 : null,
    tookMs: state === "stored" ? 2_100 : null,
    storedAt: state === "stored" ? NOW - index * 7000 : null,
    bytes: state === "stored" ? 24_000 + index * 911 : null,
  };
}

function errorAt(index: number, state: JobState, hostile: boolean): Job["error"] {
  if (state !== "dead" && state !== "retrying" && state !== "refused") return null;
  if (hostile) return { code: HOSTILE, message: HOSTILE };
  return state === "refused" ? REFUSAL : (ERRORS[index % ERRORS.length] ?? null);
}

export function jobDetail(index: number, hostile: boolean, imageUrl: string): JobDetail {
  const job = jobAt(index, hostile);
  const history = Array.from({ length: job.attempts }, (_, number) => ({
    number: number + 1,
    startedAt: job.createdAt + number * 60_000,
    endedAt: job.createdAt + number * 60_000 + 4_200,
    tookMs: 4200,
    httpStatus: number % 2 === 0 ? 500 : null,
    kind: number % 2 === 0 ? "processing_error" : null,
    code: job.error?.code ?? "upstream_failed",
    message: job.error?.message ?? "It failed.",
    ittybitJob: `task_${number}`,
  }));
  return {
    ...job,
    generation: 1 + job.attempts,
    sourceEtag: '"5f2c-1a"',
    waitingFor: waitingFor(job, hostile),
    runs: job.run ? [job.run, "run_9"] : [],
    originalBytes: job.state === "stored" ? 412_004 : null,
    input: hostile ? HOSTILE : "Ittybit reads the original at its own address, because SIGNING_KEYS is not set.",
    originalUrl: hostile ? `javascript:alert("${job.id}")` : imageUrl,
    variantUrl: job.state === "stored" ? `${imageUrl}?edge` : null,
    history,
  };
}

function waitingFor(job: Job, hostile: boolean): JobDetail["waitingFor"] {
  if (hostile) return { code: "line", text: HOSTILE, until: null, ahead: null };
  if (job.state === "retrying") return { code: "retry", text: "Retry 3 of 7, in 40 s.", until: job.due, ahead: null };
  if (job.state !== "queued") return null;
  return { code: "line", text: "4,310 before it; at 15/s about 5 min.", until: null, ahead: 4310 };
}

export const byState = (
  queued: number,
  processing: number,
  retrying: number,
  stored: number,
  dead: number,
  refused: number,
  cancelled: number,
) => ({ queued, processing, retrying, stored, dead, refused, cancelled });

export function runAt(index: number, hostile: boolean): Run {
  const total = 6 * (400 + index * 971);
  const open = index < 2;
  const stored = open ? Math.round(total * (0.62 - index * 0.4)) : total - 14;
  const left = open ? total - stored - 14 : 0;
  return {
    run: `run_${index}`,
    label: hostile
      ? HOSTILE
      : (["Autumn catalogue", "uploads 2026-11-24", null, "Relaunch, all originals", "uploads 2026-11-23"][index % 5] ??
        null),
    lane: index % 2 === 0 ? "bulk" : "upload",
    state: index === 3 ? "cancelled" : open ? "running" : "done",
    createdAt: NOW - 900_000 * (index + 1),
    updatedAt: NOW - 4000,
    endedAt: open ? null : NOW - 300_000 * index,
    accepted: total - 200,
    duplicates: 200,
    existing: 1204,
    rejectedTotal: index === 2 ? 3 : 0,
    who: "operator token 1",
    first: index === 0 ? NOW - 60_000 : null,
    outcome: open || index === 3 ? null : "with failures",
    waitingFor: open
      ? {
          code: "line",
          text: hostile ? HOSTILE : "1,204 jobs wait, in turn with another run.",
          until: null,
          ahead: left,
        }
      : null,
    total,
    done: total - left,
    states: byState(Math.max(0, left - 44), Math.min(left, 38), Math.min(left, 6), stored, 9, 3, 2),
    pace: open
      ? { ...doneIn(left / 11.4), perSecond: 11.4, why: null, jobsLeft: left, amountLeft: left / 500 }
      : { ...doneIn(0), perSecond: 4, why: null, jobsLeft: 0, amountLeft: 0 },
    paid: { jobs: stored, amount: stored / 500 },
    timeToReady: { p50: 4100, p95: 61_000 },
  };
}

/** When a scope is done that takes so long; null: it is not known. */
export function doneIn(secondsLeft: number | null): Pick<Pace, "secondsLeft" | "doneAt" | "doneBetween"> {
  if (secondsLeft === null || secondsLeft === 0) return { secondsLeft, doneAt: null, doneBetween: null };
  const at = (share: number) => NOW + Math.round(secondsLeft * share * 1000);
  return { secondsLeft, doneAt: at(1), doneBetween: { from: at(0.9), to: at(1.2) } };
}

export function eventPage(hostile: boolean): EventPage {
  const events = Array.from({ length: 4 }, (_, index) => ({
    id: `evt_1_${index}`,
    endpoint: "https://hooks.example.com/prewarm",
    type: ["run.finished", "trouble.opened", "trouble.closed", "test"][index] ?? "test",
    at: NOW - 60_000 * index,
    body: "{}",
    state: index === 1 ? ("waiting" as const) : ("delivered" as const),
    tries: 1 + index,
    status: index === 1 ? 503 : 204,
    said: hostile ? HOSTILE : "",
    nextAt: index === 1 ? NOW + 40_000 : null,
  }));
  return { endpoints: [{ url: "https://hooks.example.com/prewarm", types: null }], events, nextCursor: null };
}

export function serving(hostile: boolean): Serving {
  const at = Math.floor(NOW / 3_600_000) * 3_600_000;
  const id = hostile ? HOSTILE : "photos/2026/boat.jpg";
  const missed = ["w=800&q=high&f=webp", "w=1200&q=high&f=avif"].map((transform, index) => {
    return { key: `k${index}`, id, transform, v: null, views: 40 - index, stored: index === 1 };
  });
  return {
    window: "1d",
    from: at - 23 * 3_600_000,
    at: NOW,
    state: "counted",
    text: null,
    oneIn: 10,
    views: {
      cache: 90_400,
      store: 8_100,
      "stand-in": 120,
      original: 900,
      placeholder: 40,
      bypass: 2_000,
      refused: 310,
      failed: 3,
    },
    hitRatio: 0.989,
    bytes: 3_200_000_000,
    savedBytes: 41_000_000_000,
    originalBytes: 44_000_000_000,
    formats: [{ format: "webp", views: 90_000, bytes: 3_000_000_000, savedBytes: -4_000 }],
    buckets: Array.from({ length: 24 }, (_, hour) => ({ at: at - hour * 3_600_000, hits: 4_000, others: 40 })),
    missed,
  };
}

const COST_NAMES: Record<Dimension, readonly string[]> = {
  folder: ["catalogue/2026/spring/women/shoes-and-boots/", "products/", "journal/", ""],
  width: ["1920", "640", "320", "x400", "orig"],
  format: ["avif", "webp", "jpeg"],
  run: ["run_0", "run_1", ""],
  image: ["products/oak-chair", "catalogue/2026/spring/women/shoes-and-boots/a-long-name-of-a-picture.jpg"],
  mistake: ["upstream_failed", "superseded"],
};

export function costs(hostile: boolean, by: Dimension): Costs {
  const names = hostile ? [HOSTILE, "a"] : COST_NAMES[by];
  const rows = names.map((name, index) => {
    const jobs = 48_211 - index * 9_000;
    const label = by === "mistake" ? "Ittybit could not make the variant." : by === "run" ? "spring catalogue" : null;
    const views = by === "format" ? (index === 2 ? 0 : 90_000 - index) : null;
    return { name, label, jobs, stored: jobs - 12, bytes: jobs * 41_000, amount: jobs * 0.0015, views };
  });
  const sum = (what: "jobs" | "stored" | "bytes") => rows.reduce((all, row) => all + row[what], 0);
  return {
    by,
    from: NOW - 20 * 86_400_000,
    to: NOW,
    countedFrom: NOW - 20 * 86_400_000,
    per1000Jobs: 1.5,
    total: {
      jobs: sum("jobs"),
      stored: sum("stored"),
      bytes: sum("bytes"),
      amount: sum("jobs") * 0.0015,
      mistakes: names.length * 12,
    },
    views: by === "format" ? { state: "counted", oneIn: 10 } : null,
    note: "A day tells 300 folders apart.",
    rows,
    nextCursor: hostile ? null : "50",
  };
}

export function coverage(hostile: boolean): { reports: ReportedCoverage[] } {
  const name = hostile ? HOSTILE : "shop";
  const problem = {
    path: `${name}?w=960`,
    verdict: "cold" as const,
    reason: name,
    place: `https://shop.example.com/${name}`,
    pages: 3,
  };
  const line = { line: hostile ? HOSTILE : "pages.widths: add 960", urls: 2, images: 2, jobsPerUpload: 3 };
  const counts = { warm: 11_986, cold: 12, neverWarmed: 2, refused: 0, passedThrough: 40 };
  const report = {
    name,
    at: NOW - 61_000,
    who: hostile ? HOSTILE : "ci",
    site: hostile ? HOSTILE : "dist",
    pages: 500,
    failed: 1,
    isWhole: false,
    share: 99.88,
    counts,
    problems: [problem],
    lines: [line],
    asked: [],
  };
  return { reports: [report, { ...report, name: "blog", share: 100, failed: 0, problems: [], lines: [] }] };
}

export function hooks(hostile: boolean): Hooks {
  const name = hostile ? HOSTILE : "uploads";
  const verdicts = ["accepted", "repeat", "refused"] as const;
  const deliveries = verdicts.map((verdict, index) => ({
    hook: name,
    at: NOW - index * 61_000,
    verdict,
    why: index === 1 ? null : `id_invalid: ${name}`,
    n: index ** 9,
    run: index === 0 ? "hook_uploads_2026-11-24" : null,
    accepted: 6,
    duplicates: 0,
    existing: 1,
    purged: 0,
    ignored: 0,
    rejected: 1,
    images: index > 0 ? [] : [{ id: hostile ? HOSTILE : "photos/boat", states: { dead: 6 }, error: ERRORS[0] ?? null }],
  }));
  const fault = hostile ? HOSTILE : null;
  return {
    hooks: [{ name, verifier: "hmac", mapper: "native", recipe: "upload", jobsPerImage: 22, fault }],
    deliveries,
  };
}

export function causes(hostile: boolean): Causes {
  const found = ERRORS.map((error, index) => ({
    cause: `fp${index}`,
    code: hostile ? HOSTILE : error.code,
    text: hostile ? HOSTILE : error.message,
    count: [241, 31, 12][index] ?? 1,
    states: { retrying: 12, dead: 200, refused: index },
    trend: Array.from({ length: 12 }, (_, at) => (at * 7 + index) % 19),
    firstSeen: NOW - 86_400_000,
    lastSeen: NOW - 61_000 * (index + 1),
    formats: { avif: 200, webp: 41 },
    prefixes: [{ prefix: hostile ? HOSTILE : "products/2026/", count: 40 }],
    sample: jobAt(index * 10, hostile),
    meaning: "Ittybit made the job and it failed there.",
    cure: "Read the message, open the original.",
  }));
  const unreadable = [
    {
      id: "m1",
      queue: "prewarm-live",
      reason: hostile ? HOSTILE : "v must be 1",
      body: hostile ? HOSTILE : '{"v":"one"}',
      at: NOW - 50_000,
    },
  ];
  return { window: "1h", from: NOW - 3_600_000, exact: true, causes: found, unreadable };
}

const AVIF_BYTES: Record<number, number> = {
  320: 2_200,
  480: 4_100,
  640: 8_000,
  828: 14_000,
  1080: 29_000,
  1440: 46_000,
};
/** The variants of an image: their bytes, or their state where nothing is stored. */
const VARIANTS: readonly (readonly [transform: string, stored: number | JobState])[] = [
  ...Object.entries(AVIF_BYTES).map(([w, bytes]) => [`w=${w}&q=high&f=avif`, bytes] as const),
  ["w=1920&q=high&f=avif", "processing"],
  ["w=640&q=high&f=webp", 19_000],
  ["w=1440&q=high&f=webp", 64_000],
  ["w=1440&q=high&f=jpeg", 520_000],
  ["w=1920&q=high&f=jpeg", "cancelled"],
  ["w=160&h=160&fit=cover&q=high&f=avif", 4_600],
  ["w=640&h=480&fit=cover&q=high&f=avif", "dead"],
  ["w=640&h=480&fit=cover&q=high&f=webp", 38_300],
];

/** An image of which all kinds of states are known; below `cold/` nothing is stored or known. */
export function image(id: string, hostile: boolean, imageUrl: string): Image {
  const isCold = id.startsWith("cold/");
  const variants = VARIANTS.map(([transform, stored], index) => {
    const [bytes, state] = typeof stored === "number" ? [stored, "stored" as const] : [null, stored];
    const format = (/f=(\w+)/.exec(transform)?.[1] ?? "webp") as Job["format"];
    const width = Number(/w=(\d+)/.exec(transform)?.[1]);
    const height = Number(/h=(\d+)/.exec(transform)?.[1] ?? Math.round((width * 2) / 3));
    return {
      transform,
      format,
      state,
      bytes,
      url: `${imageUrl}?edge`,
      v: null,
      key: `${encodeURIComponent(id)}/${index}`,
      job: index.toString(36).padStart(11, "0"),
      width: bytes === null ? null : width,
      height: bytes === null ? null : height,
      error: state === "dead" ? errorAt(0, "dead", hostile) : null,
      storedAt: bytes === null ? null : NOW - index * 7000,
    };
  });
  return {
    id,
    v: null,
    originalUrl: imageUrl,
    originalBytes: isCold ? null : 412_004,
    leftOut: [],
    sourceEtag: isCold ? null : '"5f2c-1a"',
    focal: isCold ? null : [0.3, 0.25],
    removal: id.startsWith("removed/") ? { at: NOW - 30_000, by: "anna", reason: "", complete: false } : null,
    purging: false,
    purge: isCold
      ? null
      : {
          purge: "7",
          orderedAt: NOW - 600_000,
          storeDeletedAt: NOW - 590_000,
          edgeUntil: NOW - 540_000,
          browsersUntil: NOW + 31_000_000_000,
          secondPass: { dueAt: NOW + 360_000, doneAt: null },
        },
    variants: isCold ? [] : variants,
    nextCursor: null,
  };
}

/** A person's run, a hook's delivery and viewers have asked for it; of `cold/` nobody. */
export function orders(id: string, hostile: boolean): ImageOrders {
  if (id.startsWith("cold/")) return { orders: [], variants: 0, jobs: 0, outdated: 0, amount: 0 };
  const name = hostile ? HOSTILE : "Catalogue 2027";
  const none = { run: null, label: null, hook: null, who: null };
  return {
    orders: [
      {
        ...none,
        run: "hook_uploads_2026-11-24",
        hook: hostile ? HOSTILE : "uploads",
        lane: "upload" as const,
        at: NOW - 93_000_000,
        until: NOW - 93_000_000,
        variants: 11,
      },
      {
        ...none,
        run: "run_0",
        label: name,
        who: hostile ? HOSTILE : "anna",
        lane: "bulk" as const,
        at: NOW - 500_000,
        until: NOW - 500_000,
        variants: 11,
      },
      { ...none, lane: "live", at: NOW - 400_000, until: NOW - 200_000, variants: 4 },
    ],
    variants: 15,
    jobs: 25,
    outdated: 11,
    amount: 0.0375,
  };
}

/** Of each image below `removed/`: R2 is empty, and edges may still show a copy. */
export function removal(id: string, hostile: boolean): Answer<"GET /api/v1/images/{id}/removal"> {
  const object = { bytes: 412_004, uploadedAt: NOW - 90_000_000, deletedAt: NOW - 27_000 };
  return {
    receipt: {
      removed: id,
      spellings: [],
      reason: hostile ? HOSTILE : "ticket 4711",
      by: hostile ? HOSTILE : "anna",
      orderedAt: NOW - 30_000,
      jobs: 11,
      focal: true,
      more: 0,
      checks: [{ at: NOW - 27_000, found: 2 }],
      objects: [
        { name: "v/removed/x", ...object },
        { name: "ORIGINALS removed/x", ...object },
      ],
      edgeUntil: NOW + 3_000_000,
      browsersUntil: NOW + 31_000_000_000,
      completeAt: NOW + 900_000,
      complete: false,
    },
    signature: "c2lnbmVk",
  };
}

/** A row of the list of images. */
export function imageAt(index: number, hostile: boolean): ImageSummary {
  const id = hostile ? `${HOSTILE}${index}` : `photos/2026/boat-${index}`;
  return { id, stored: 6, bytes: 412_004, storedAt: NOW - 60_000, failed: index, jobs: 6 + index };
}

export function actionAt(index: number): Action {
  return {
    action: `act_${index}`,
    kind: "retry",
    filter: { state: "dead" },
    rate: 100,
    state: index === 0 ? "running" : "done",
    canary: 0,
    run: `act_${index}`,
    outcome: byState(index === 0 ? 40 : 0, 0, 0, 180, 19, 0, 0),
    total: 241,
    exact: true,
    done: index === 0 ? 120 : 239,
    skipped: index === 0 ? 0 : 2,
    agreed: null,
    createdAt: NOW - 60_000 * (index + 1),
    updatedAt: NOW,
    endedAt: index === 0 ? null : NOW - 30_000,
    who: "operator token 1",
  };
}

export function auditAt(index: number, hostile: boolean): AuditEntry {
  const [what, target, details] = (
    [
      ["gate.patch", null, { paused: { bulk: true } }],
      ["action.retry", "act_1", { filter: { state: ["dead"] }, total: 241, exact: true, rate: 50, canary: 5 }],
      ["image.purge", "products/oak-chair", {}],
      ["code.version", "0f0f0f0", { before: "version-0" }],
    ] as const
  )[index % 4] ?? ["gate.patch", null, {}];
  return {
    seq: 100 - index,
    at: NOW - index * 913_000,
    who: hostile ? HOSTILE : "operator token 1",
    what,
    target: hostile ? HOSTILE : target,
    details: hostile ? { [HOSTILE]: HOSTILE } : details,
  };
}
