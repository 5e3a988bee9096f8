/** Queues: messages in one sendBatch (developers.cloudflare.com/queues/platform/limits, read 2026-11). */
export const QUEUE_BATCH_MAX_MESSAGES = 100;
/** R2: delete() takes this many keys (developers.cloudflare.com/r2/api/workers, read 2026-11). */
export const R2_DELETE_MAX_KEYS = 1000;
/** Workers: connections waiting for headers in one invocation (developers.cloudflare.com/workers/platform/limits, 2026-07-28). */
export const MAX_CONNECTIONS = 6;
/** Workers: subrequests of one invocation on the paid plan (same page). Local runs enforce no such limit, so handlers count for themselves. */
export const SUBREQUESTS_MAX = 10_000;
/** Images that one call purges or removes: so many blocks are put into R2 before, and each costs some 40 rows. Chosen. */
export const IMAGES_PER_CALL = 200;
/** Workers at once: `max_concurrency` of the work queue, the platform's most (developers.cloudflare.com/queues/platform/limits, read 2026-11). */
export const WORKERS_MAX = 250;
/**
 * An id after percent-encoding, in bytes: leaves room for prefix, version and suffix within the 1,024 of an R2 key
 * (developers.cloudflare.com/r2/platform/limits, read 2026-11).
 */
export const ENCODED_ID_MAX_BYTES = 700;
/** A variant's bytes; a larger output is not a picture for the web. */
export const OUTPUT_MAX_BYTES = 25_000_000;
/**
 * Bytes that each label may have in a variant, as XML: 500 together. IPTC's longest DigitalSourceType has 83 (cv.iptc.org/newscodes, read
 * 2026-11). Chosen.
 */
export const LABEL_MAX_BYTES = { copyright: 160, credit: 80, licensor: 60, licensorUrl: 115, source: 85 } as const;
/** Widths and heights that the consumer accepts in a key whatever the ladder says today. */
export const ABSOLUTE_MAX_PX = 8192;
/**
 * Where an automatic limit of the gate begins, and the bounds that it keeps to unless the configuration says others. Ittybit
 * publishes no limits (its guides pace themselves at 50 a second and 200 at once, ittybit.com/guides, read 2026-11): chosen.
 */
export const GATE_AUTO = {
  concurrency: { start: 50, min: 1, max: 1_000 },
  ratePerSecond: { start: 20, min: 0.1, max: 1_000 },
} as const;
/** A Durable Object's database may grow to this (developers.cloudflare.com/durable-objects/platform/limits, read 2026-11). */
export const LEDGER_LIMIT_BYTES = 10_000_000_000;
/** Jobs that a hook may order on a day (UTC) where its configuration says nothing else: an eighth of warming's month by default. Chosen. */
export const HOOK_JOBS_PER_DAY = 10_000;
/** Longest that a function of prewarm.config.ts may take, in ms: senders give up after five to thirty seconds. Chosen. */
export const SITE_FUNCTION_MS = 4_000;
/** A marker's life when trying again is in vain: a day, as the bucket's lifecycle rule for `dead/` has it (docs/operate.md). */
export const DEAD_PERMANENT_MS = 86_400_000;
/** The longest life of a staged original and of its address: a day, as the bucket's lifecycle rule for `staged/` has it (docs/operate.md). */
export const STAGED_MS = 86_400_000;
/** A marker's life when trying again may help: chosen. */
export const DEAD_TRANSIENT_MS = 3_600_000;

/** Shortest token and signing key that is taken outside the local stack, in characters: some 140 bits where they are random letters and digits. Chosen. */
export const TOKEN_MIN_CHARS = 24;

/** Bytes of a request's body where the endpoint's row names no other limit: the control API's own calls have a few hundred. Chosen. */
export const BODY_MAX_BYTES = 65_536;
/** Bytes of a body that is read while it streams in: the most that the platform takes on any plan (developers.cloudflare.com/workers/platform/limits, 2026-07-28). */
export const STREAM_MAX_BYTES = 500_000_000;
/**
 * Arrays and objects inside each other in JSON that others wrote. Ittybit's answers have some 6 levels, a CMS's rich text some 30; code that
 * walks JSON by calling itself bears some thousands. Chosen.
 */
export const JSON_MAX_DEPTH = 64;

/**
 * R2 reads that one request may cause at the edge, the variant's own read among them: a hit reads the variant only. Each read costs money, and requests are
 * limited by nothing. One more is `smaller`: of f=auto, where the object that was read names a smaller format. Two objects are read besides: which lanes are closed, once in 10 s by each isolate, and which images have
 * changed, about twice a minute in each data centre. Chosen.
 */
export const READS_PER_REQUEST = { hit: 1, missedHead: 2, miss: 3, smaller: 1 } as const;
/** How long a data centre keeps a copy of a variant, in seconds. Chosen. */
export const COPY_SECONDS = 2_592_000;
/** The same of a copy that is older than a change of its image, because nothing tells when the newer variant is stored. Chosen. */
export const OLD_COPY_SECONDS = 20;
/** From the answer to a purge or a removal to the last old byte of any edge, in ms: 30 s until each knows of it, and the longest read. */
export const GONE_WITHIN_MS = 60_000;
/** Misses of one client network a minute, each data centre for itself: the edge's limiters. Of unknown ids far fewer. Chosen. */
export const MISSES_PER_MINUTE = { known: 600, unknown: 60 } as const;
/** Share of the consumer's invocations that are traced where `deploy` says nothing else. Chosen. */
export const TRACED_SHARE = 0.05;
/** Jobs that viewers wait for at once; beyond it pages are served by their originals. Chosen. */
export const LIVE_OPEN_MAX = 10_000;
/** Looks at unknown originals that may come at once, in seconds of their rate: the edge limits by the minute. Chosen. */
export const CHECKS_BURST_S = 60;
/** How long edges shed misses: an hour, and twice as long each time that it happens again within a day. Chosen. */
export const SHED = { firstMs: 3_600_000, longestMs: 57_600_000, forgetMs: 86_400_000 } as const;
/**
 * The bucket of useless messages: how many at once, and how many a second, for each look a second. Many at once, because each data centre
 * asks for itself. Chosen.
 */
export function uselessMost(unknownPerSecond: number): { most: number; perSecond: number } {
  return { most: 100_000 * unknownPerSecond, perSecond: 10 * unknownPerSecond };
}
/**
 * Intervals of 1,000 objects that the doctor looks at in a minute of the cron. So 22 million objects take 61 hours, and at most 13 lists a minute
 * (variants, notes, one of markers) are 561,600 a month of the million class A operations that are free. Chosen.
 */
export const DOCTOR_SLICES_PER_MINUTE = 6;

/** Numbers that suit every site, so no setting names them; the local stack and tests choose others. */
export interface Chosen {
  /** Rows that viewers' misses may add for one image per day. */
  liveRowsPerImageDay: number;
  /** Version tokens (`v`) of one image that unsigned misses may bring per day. */
  versionsPerImageDay: number;
  /** Originals of ids that nobody has seen that misses may have looked at per second; beyond it they are forgotten until the next view. */
  unknownPerSecond: number;
  /** Open jobs above which bulk requests get 429. */
  backlogMax: number;
  /** Failed attempts after which a job is dead. Default: the queue's own number. */
  maxAttempts?: number;
  /** Longest the edge waits for cache, R2 and queue together before it redirects, in ms. */
  edgeBudgetMs: number;
  /** Window in seconds to which the expiry of a signed URL of an original, and of the API's links to variants that need a signature, is rounded up. */
  originalsWindowSeconds: number;
  /** Originals of more bytes come after every stored variant, the 16 px placeholder included. */
  heavyOriginalBytes: number;
  /** Largest original in bytes that the edge passes on itself: a script or `crossorigin` wants one whose server sends no CORS. */
  streamMaxBytes: number;
}

export const CHOSEN: Chosen = {
  liveRowsPerImageDay: 64,
  versionsPerImageDay: 3,
  unknownPerSecond: 5,
  backlogMax: 10_000_000,
  edgeBudgetMs: 1000,
  originalsWindowSeconds: 3600,
  heavyOriginalBytes: 2_000_000,
  streamMaxBytes: 10_000_000,
};
/** Parts of the budget at which the dashboard and metrics warn. Chosen. */
export const ALERT_LEVELS: readonly number[] = [0.5, 0.8, 0.95, 1];
