import type {
  Action,
  AuditEntry,
  DeadLetters,
  Gate,
  History,
  HistoryBucket,
  Image,
  Job,
  JobDetail,
  JobState,
  Lane,
  Run,
  Stats,
} from "../src/api/schema.ts";

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
  "stored",
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

export function jobAt(index: number, hostile = false): Job {
  const state = STATES[index % STATES.length] ?? "queued";
  const width = [400, 800, 1200][index % 3];
  const format = (["webp", "avif", "jpeg"] as const)[index % 3] ?? "webp";
  const id = hostile ? `${index}${HOSTILE}` : `${IDS[index % IDS.length]}${index > 3 ? `-${index}` : ""}`;
  const failed = state === "dead" || state === "retrying";
  return {
    job: index.toString(16).padStart(16, "0"),
    key: `${encodeURIComponent(id)}/${width}-high.${format}`,
    id,
    v: null,
    transform: `w=${width}&q=high&f=${format}`,
    format,
    state,
    lane: LANES[index % 3] ?? "bulk",
    run: index % 3 === 0 ? null : `run_${index % 7}`,
    attempts: failed ? 1 + (index % 5) : 0,
    error: failed ? (hostile ? { code: HOSTILE, message: HOSTILE } : (ERRORS[index % ERRORS.length] ?? null)) : null,
    ittybitJob: state === "queued" ? null : `task_${1000 + index}`,
    due: state === "retrying" ? NOW + 42_000 : null,
    createdAt: NOW - 600_000 - index * 9000,
    updatedAt: NOW - index * 7000,
    storedAt: state === "stored" ? NOW - index * 7000 : null,
    bytes: state === "stored" ? 24_000 + index * 911 : null,
  };
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
    originalUrl: hostile ? `javascript:alert("${job.id}")` : imageUrl,
    variantUrl: job.state === "stored" ? imageUrl : null,
    history,
  };
}

const byState = (
  queued: number,
  processing: number,
  retrying: number,
  stored: number,
  dead: number,
  cancelled: number,
) => ({ queued, processing, retrying, stored, dead, cancelled });

const GATE: Gate = {
  paused: { live: false, upload: false, bulk: true },
  breaker: { state: "closed", reason: null, status: null, since: null, probeAt: null },
  rate: { perSecond: 20, burst: 20 },
  concurrency: 50,
  budget: {
    monthlyJobs: 100_000,
    warmingShare: 0.8,
    month: "2026-11",
    used: 61_204,
    usedByLane: { live: 8104, upload: 41_900, bulk: 11_200 },
    alertLevels: [0.5, 0.8, 0.95, 1],
    alert: 0.5,
    exhausted: { live: false, warming: false },
  },
  throttledUntil: null,
  reasons: [{ lane: "bulk", code: "paused", message: "Paused by operator token 1.", until: null }],
  updatedAt: NOW - 3_600_000,
};

export function gate(mode: string): Gate {
  if (mode === "empty")
    return {
      ...GATE,
      paused: { live: false, upload: false, bulk: false },
      reasons: [],
      budget: { ...GATE.budget, used: 0, usedByLane: { live: 0, upload: 0, bulk: 0 }, alert: null },
    };
  if (mode !== "hostile") return structuredClone(GATE);
  return {
    ...GATE,
    breaker: { state: "open", reason: HOSTILE, status: 402, since: NOW - 7_200_000, probeAt: NOW + 90_000 },
    reasons: [{ lane: null, code: "breaker", message: HOSTILE, until: NOW + 90_000 }],
  };
}

export function stats(mode: string): Stats {
  const empty = mode === "empty";
  const none = byState(0, 0, 0, 0, 0, 0);
  const lanes = empty
    ? { live: none, upload: none, bulk: none }
    : {
        live: byState(3, 6, 0, 91_204, 12, 0),
        upload: byState(1240, 38, 17, 402_118, 241, 60),
        bulk: byState(48_210, 0, 0, 1_204_551, 31, 1200),
      };
  const sum = (state: JobState) => lanes.live[state] + lanes.upload[state] + lanes.bulk[state];
  const now = gate(mode);
  const sentence =
    { empty: "Healthy: nothing waits.", hostile: HOSTILE }[mode] ??
    "The bulk lane is paused: 48,210 jobs wait, viewers get originals for those.";
  return {
    at: Date.now(),
    environment: mode === "hostile" ? "production" : "staging",
    health: {
      level: empty ? "ok" : mode === "hostile" ? "problem" : "warning",
      sentence,
      since: empty ? null : NOW - 3_600_000,
    },
    states: byState(sum("queued"), sum("processing"), sum("retrying"), sum("stored"), sum("dead"), sum("cancelled")),
    lanes,
    open: sum("queued") + sum("processing") + sum("retrying"),
    oldest: { live: empty ? null : 2_100, upload: empty ? null : 64_000, bulk: empty ? null : 3_600_000 },
    rates: empty
      ? { storedPerSecond: 0, failedPerSecond: 0, acceptedPerSecond: 0, failureRatio: 0 }
      : { storedPerSecond: 11.4, failedPerSecond: 0.3, acceptedPerSecond: 14.2, failureRatio: 0.026 },
    wait: { p50: 1200, p95: 41_000, p99: 88_000 },
    run: { p50: 2100, p95: 6400, p99: 14_800 },
    etaSeconds: empty ? 0 : 4340,
    queues: {
      "prewarm-live": { backlogCount: 3, backlogBytes: 1204, oldestMessageAt: empty ? null : NOW - 1800 },
      "prewarm-work": { backlogCount: empty ? 0 : 41, backlogBytes: 18_400, oldestMessageAt: null },
      "prewarm-dead": null,
    },
    utilisation: { concurrency: { used: empty ? 0 : 44, limit: 50 }, rate: { used: empty ? 0 : 11.6, limit: 20 } },
    budget: now.budget,
    gate: now,
    ledger: { rows: empty ? 0 : 412_889, bytes: empty ? 40_960 : 118_400_000, limitBytes: 10_000_000_000 },
    metricErrors: 0,
  };
}

export function history(mode: string, tier: "minute" | "hour" | "day"): History {
  const bucketMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[tier];
  const length = { minute: 60, hour: 24, day: 30 }[tier];
  const last = Math.floor(Date.now() / bucketMs) * bucketMs;
  return {
    tier,
    bucketMs,
    buckets: Array.from({ length }, (_, index) =>
      bucketAt(index, length, last - (length - 1 - index) * bucketMs, mode === "empty"),
    ),
  };
}

function bucketAt(index: number, length: number, at: number, empty: boolean): HistoryBucket {
  const wave = (scale: number, shift: number) =>
    Math.max(0, Math.round(scale * (1 + Math.sin(index / 5 + shift) * 0.4 + Math.sin(index * 1.7 + shift) * 0.12)));
  const filling = index === length - 1;
  const part = empty ? 0 : filling ? 0.4 : 1;
  const burst = index > length * 0.55 && index < length * 0.68;
  const none = { p50: null, p95: null, p99: null };
  return {
    at,
    filling,
    accepted: Math.round(wave(820, 1) * part),
    stored: Math.round((burst ? 90 : wave(680, 0)) * part),
    failed: Math.round(wave(18, 2) * part),
    dead: Math.round(wave(4, 2) * part),
    throttled: Math.round((burst ? 340 : 0) * part),
    bytes: Math.round(wave(2e7, 0) * part),
    wait: empty
      ? none
      : { p50: wave(1100, 0), p95: wave(burst ? 90_000 : 21_000, 1), p99: wave(burst ? 180_000 : 60_000, 1) },
    run: empty ? none : { p50: wave(2100, 3), p95: wave(6000, 2), p99: wave(14_000, 1) },
    oldestMs: empty ? null : wave(burst ? 400_000 : 120_000, 2),
    open: Math.round(wave(48_000, 2) * (empty ? 0 : 1)),
  };
}

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
    total,
    done: total - left,
    states: byState(Math.max(0, left - 44), Math.min(left, 38), Math.min(left, 6), stored, 12, 2),
    ratePerSecond: open ? 11.4 : 0,
    etaSeconds: open ? left / 11.4 : null,
    timeToReady: { p50: 4100, p95: 61_000 },
  };
}

export function dead(hostile: boolean, fingerprint: string | undefined): DeadLetters {
  const groups = ERRORS.map((error, index) => ({
    fingerprint: `fp${index}`,
    code: hostile ? HOSTILE : error.code,
    message: hostile ? HOSTILE : error.message,
    count: [241, 31, 12][index] ?? 1,
    firstAt: NOW - 86_400_000,
    lastAt: NOW - 61_000 * (index + 1),
    formats: { avif: 200, webp: 41 },
    sample: jobAt(index * 10, hostile),
  }));
  const shown = fingerprint ? groups.filter((group) => group.fingerprint === fingerprint) : groups;
  return {
    total: 284,
    groups: shown,
    jobs: fingerprint ? Array.from({ length: 20 }, (_, index) => jobAt(index * 10, hostile)) : [],
    messages: [
      {
        id: "m1",
        queue: "prewarm-live",
        reason: hostile ? HOSTILE : "v must be 1",
        body: hostile ? HOSTILE : '{"v":"one"}',
        at: NOW - 50_000,
      },
    ],
    nextCursor: null,
  };
}

export function image(id: string, mode: string, imageUrl: string): Image {
  const jobs =
    mode === "empty" ? [] : Array.from({ length: 9 }, (_, index) => ({ ...jobAt(index, mode === "hostile"), id }));
  return {
    id,
    originalUrl: imageUrl,
    sourceEtag: '"5f2c-1a"',
    purging: false,
    variants: jobs.map((job) => ({
      transform: job.transform,
      format: job.format,
      state: job.state,
      bytes: job.bytes,
      url: imageUrl,
      key: job.key,
      v: null,
      job: job.job,
      width: 800,
      height: 533,
      error: job.error,
      storedAt: job.storedAt,
    })),
    nextCursor: null,
  };
}

export function actionAt(index: number): Action {
  return {
    action: `act_${index}`,
    kind: "retry",
    filter: { state: "dead" },
    rate: 100,
    state: index === 0 ? "running" : "done",
    total: 241,
    exact: true,
    done: index === 0 ? 120 : 239,
    skipped: index === 0 ? 0 : 2,
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
      ["action.create", "act_1", { action: "retry", total: 241 }],
      ["image.purge", "products/oak-chair", {}],
      ["session.open", null, { role: "operator" }],
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
