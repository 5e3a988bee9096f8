// biome-ignore-all format: generated
// Made by scripts/generate-api.ts from docs/openapi.json. Do not edit: run `pnpm --filter @prewarm/dashboard api`.

export type WarmItem = {"id": string; /** The site's version token; part of the key */ "v"?: string; /** The original's version; another one than before makes its variants anew */ "sourceEtag"?: string; "recipe"?: string; "presets"?: (string)[]; "transforms"?: (string)[]};

export type Problem = {"type": string; "title": string; "status": number; "code": "id_invalid" | "parameter_unknown" | "parameter_repeated" | "parameter_invalid" | "parameter_conflict" | "preset_unknown" | "signature_required" | "signature_invalid" | "not_found" | "original_missing" | "method_not_allowed" | "range_not_satisfiable" | "body_invalid" | "body_too_large" | "media_type_unsupported" | "transform_invalid" | "source_unknown" | "idempotency_mismatch" | "unauthorized" | "forbidden" | "conflict" | "too_many_requests" | "backlog_full" | "not_configured" | "unavailable" | "internal"; "detail"?: string} & Record<string, unknown>;

export type DryRun = {"dryRun": true; "images": number; /** Variants asked for, each counted once */ "variants": number; /** Variants already stored */ "existing": number; /** Variants that already have an open job */ "duplicates": number; /** Ittybit jobs it would take */ "jobs": number; /** Bytes Ittybit would read from the source, each job reading its original; null: unknown */ "downloadBytes": number | null; /** Originals whose size was asked to estimate downloadBytes */ "sampled": number; /** False when the request was too large to look up every variant */ "exact": boolean; /** In the configured currency unit */ "price": {"amount": number; "per1000Jobs": number} | "unknown"; "rejected": (Rejection)[]; "rejectedTotal": number};

export type Rejection = {/** Place of the item in the body, from 0 */ "index": number; "code": string; "message": string};

export type WarmAnswer = {"run": string; /** Variants with a job from now on */ "accepted": number; /** Variants that already had an open job, or stood twice in this request */ "duplicates": number; /** Variants known stored */ "existing": number; /** At most 1,000 are listed */ "rejected": (Rejection)[]; "rejectedTotal": number; /** The whole request had been accepted before under this Idempotency-Key */ "repeat": boolean};

export type WarmRequest = {"label"?: string; /** Make anew even what is stored */ "force"?: boolean; /** Ask R2 and leave out what it holds */ "onlyMissing"?: boolean; "items": (WarmItem)[]};

export type RunPage = {"runs": (Run)[]; /** null: this is the last page */ "nextCursor": string | null};

export type Run = {"run": string; "label": string | null; "lane": Lane; "state": "accepting" | "running" | "done" | "cancelled"; /** Unix milliseconds */ "createdAt": number; /** Unix milliseconds */ "updatedAt": number; /** Unix milliseconds */ "endedAt": number | null; "accepted": number; "duplicates": number; "existing": number; /** Variants this run waits for or waited for: accepted and joined ones */ "total": number; /** Variants of `total` that have ended */ "done": number; "states": CountsByState; /** Variants that ended per second, last five minutes */ "ratePerSecond": number; "etaSeconds": number | null; /** From acceptance to stored, in milliseconds */ "timeToReady": {/** milliseconds */ "p50": number | null; /** milliseconds */ "p95": number | null}};

export type Lane = "live" | "upload" | "bulk";

export type CountsByState = {"queued": number; "processing": number; "retrying": number; "stored": number; "dead": number; "cancelled": number};

export type JobPage = {"jobs": (Job)[]; /** null: this is the last page */ "nextCursor": string | null};

export type Job = {/** Short hash of the variant key */ "job": string; "key": string; /** The image's id */ "id": string; "v": string | null; "transform": string; "format": Format; "state": JobState; "lane": Lane; "run": string | null; "attempts": number; "error": JobError; "ittybitJob": string | null; /** When it is looked at next */ "due": number | null; /** Unix milliseconds */ "createdAt": number; /** Unix milliseconds */ "updatedAt": number; /** Unix milliseconds */ "storedAt": number | null; /** bytes */ "bytes": number | null};

export type Format = "avif" | "webp" | "jpeg" | "png";

export type JobState = "queued" | "processing" | "retrying" | "stored" | "dead" | "cancelled";

export type JobError = {"code": string; "message": string} | null;

export type JobDetail = Job & {"generation": number; "sourceEtag": string | null; "originalUrl": string | null; "variantUrl": string | null; "history": (Attempt)[]};

/** One failed try; waiting, throttling and pausing are none */ export type Attempt = {"number": number; /** Unix milliseconds */ "startedAt": number | null; /** Unix milliseconds */ "endedAt": number; "tookMs": number | null; "httpStatus": number | null; /** Ittybit's kind of error */ "kind": string | null; "code": string; "message": string; "ittybitJob": string | null};

export type DeadLetters = {"total": number; /** Without `fingerprint`: every group (at most 200). With it: that group */ "groups": (DeadGroup)[]; /** With `fingerprint`: a page of its jobs */ "jobs": (Job)[]; /** The newest 50 unreadable messages */ "messages": (DeadMessage)[]; /** null: this is the last page */ "nextCursor": string | null};

export type DeadGroup = {/** Stable name of the cause; `GET /api/v1/dead?fingerprint=` lists its jobs */ "fingerprint": string; "code": string; /** A sample; numbers and ids in it vary within the group */ "message": string; "count": number; /** Unix milliseconds */ "firstAt": number; /** Unix milliseconds */ "lastAt": number; "formats": Record<string, number>; "sample": Job};

/** A queue message nobody could read */ export type DeadMessage = {"id": string; "queue": string; "reason": string; /** First 2,000 characters */ "body": string; /** Unix milliseconds */ "at": number};

export type ActionPreview = {"dryRun": true; "kind": "retry" | "cancel"; "total": number; "exact": boolean};

export type Action = {/** The action's id */ "action": string; "kind": "retry" | "cancel"; "filter": ActionFilter; "rate": number | null; "state": "running" | "done" | "cancelled"; /** Jobs that matched at creation */ "total": number; /** False: counting stopped at a bound and `total` is a lower bound */ "exact": boolean; /** Jobs acted on */ "done": number; /** Jobs that had changed since and were left alone */ "skipped": number; /** Unix milliseconds */ "createdAt": number; /** Unix milliseconds */ "updatedAt": number; /** Unix milliseconds */ "endedAt": number | null; "who": string};

export type ActionFilter = {"state"?: JobState | (JobState)[]; "lane"?: Lane | (Lane)[]; "run"?: string; "search"?: string; /** A group of dead letters */ "fingerprint"?: string; /** Just these */ "jobs"?: (string)[]};

export type ActionRequest = {"action": "retry" | "cancel"; "filter": ActionFilter; /** Jobs a second; default 100 for retry, unlimited for cancel */ "rate"?: number; /** Only count */ "dryRun"?: boolean};

export type ActionPage = {"actions": (Action)[]; /** null: this is the last page */ "nextCursor": string | null};

export type Image = {"id": string; "originalUrl": string | null; "sourceEtag": string | null; "purging": boolean; "variants": (Variant)[]; /** null: this is the last page */ "nextCursor": string | null};

export type Variant = {"transform": string; "format": Format; "state": JobState; /** bytes */ "bytes": number | null; /** Where the edge answers it */ "url": string; "key": string; "v": string | null; "job": string; "width": number | null; "height": number | null; "error": JobError; /** Unix milliseconds */ "storedAt": number | null};

export type Purge = {"id": string; "purge": string; "state": "purging" | "done"};

export type Stats = {/** Unix milliseconds */ "at": number; "environment": string; "health": Health; "states": CountsByState; "lanes": {"live": CountsByState; "upload": CountsByState; "bulk": CountsByState}; "open": number; /** Dead jobs to look at: those whose original is missing or unusable are in `states.dead` only */ "deadLetters": number; /** Age of the oldest job that waits, in milliseconds */ "oldest": {/** milliseconds */ "live": number | null; /** milliseconds */ "upload": number | null; /** milliseconds */ "bulk": number | null}; /** Last five whole minutes */ "rates": {"storedPerSecond": number; "failedPerSecond": number; "acceptedPerSecond": number; /** Failed attempts of all that ended */ "failureRatio": number}; "wait": Percentiles; "run": Percentiles; /** Until the open jobs are done at this rate */ "etaSeconds": number | null; /** By queue name; null where the platform gives no metrics */ "queues": Record<string, QueueMetrics>; "utilisation": {/** Jobs at Ittybit of those allowed */ "concurrency": {"used": number; "limit": number | null}; /** Submissions a second of those allowed */ "rate": {"used": number; "limit": number | null}}; "budget": Budget; "gate": Gate; "ledger": {"rows": number; /** bytes */ "bytes": number; /** bytes */ "limitBytes": number}; /** Times that recording a metric failed */ "metricErrors": number};

export type Health = {"level": "ok" | "warning" | "problem"; "sentence": string; /** Unix milliseconds */ "since": number | null};

/** Enqueued to first submitted, last hour, without retries */ export type Percentiles = {/** milliseconds */ "p50": number | null; /** milliseconds */ "p95": number | null; /** milliseconds */ "p99": number | null};

export type QueueMetrics = {"backlogCount": number; /** bytes */ "backlogBytes": number; /** Unix milliseconds */ "oldestMessageAt": number | null} | null;

export type Budget = {/** null: unlimited */ "monthlyJobs": number | null; "warmingShare": number; "month": string; "used": number; "usedByLane": {"live": number; "upload": number; "bulk": number}; "alertLevels": (number)[]; /** The highest alert level that is passed */ "alert": number | null; "exhausted": {"live": boolean; "warming": boolean}};

export type Gate = {"paused": {"live": boolean; "upload": boolean; "bulk": boolean}; "breaker": Breaker; "rate": {"perSecond": number; "burst": number}; "concurrency": number; "budget": Budget; /** Ittybit's Retry-After */ "throttledUntil": number | null; /** Why something waits right now; empty: nothing is held back */ "reasons": ({"lane": Lane | null; "code": string; "message": string; /** Unix milliseconds */ "until": number | null})[]; /** Unix milliseconds */ "updatedAt": number};

export type Breaker = {"state": "closed" | "open" | "half-open"; "reason": string | null; /** Ittybit's answer that opened it */ "status": number | null; /** Unix milliseconds */ "since": number | null; /** When one job is tried next */ "probeAt": number | null};

export type History = {"tier": "minute" | "hour" | "day"; /** milliseconds */ "bucketMs": number; "buckets": (HistoryBucket)[]};

export type HistoryBucket = {/** Start of the bucket */ "at": number; /** Still open: draw it dashed */ "filling": boolean; "accepted": number; "stored": number; /** Failed attempts */ "failed": number; "dead": number; "throttled": number; "wait": Percentiles; "run": Percentiles; /** Age of the oldest waiting job, highest seen */ "oldestMs": number | null; "open": number | null};

export type GatePatch = {"paused"?: {"live"?: boolean; "upload"?: boolean; "bulk"?: boolean}; /** Reset the breaker */ "breaker"?: {"state": "closed"}; "rate"?: number | {"perSecond": number; "burst"?: number}; "concurrency"?: number; "budget"?: {"monthlyJobs"?: number | null; "warmingShare"?: number; "alertLevels"?: (number)[]}};

export type AuditPage = {"entries": (AuditEntry)[]; /** null: this is the last page */ "nextCursor": string | null};

export type AuditEntry = {"seq": number; /** Unix milliseconds */ "at": number; /** Never the token itself */ "who": string; "what": string; "target": string | null; "details": Record<string, unknown>};

export type Finding = {"code": "row_without_object" | "object_below_floor" | "marker_stale" | "owner_unknown" | "claim_expired" | "slot_leaked" | "counters_differ"; "count": number; "message": string; /** Mended: a second look finds it no more */ "fixed": boolean; /** Some of the variant keys concerned */ "examples": (string)[]};

export type Session = {"role": "viewer" | "operator"; "who": string; "by": "token" | "cookie" | "access"; /** Unix milliseconds */ "expiresAt": number | null; "environment": string; /** Where images are served; empty when not configured */ "edgeUrl": string};

export type SignIn = {"token": string};

export type HookAnswer = {/** The rolling run of this hook and day; null when nothing was enqueued */ "run": string | null; "accepted": number; "duplicates": number; "existing": number; /** Images whose deletion was told */ "purged": number; /** Events that are no image upload: test events, other types, our own variants */ "ignored": number; "rejected": (Rejection)[]; /** This very delivery had been accepted before; nothing was done */ "duplicate": boolean};

export interface Calls {
  "POST /api/v1/warm": {params: Record<never, never>; query: {"dryRun"?: "0" | "1" | "true" | "false"; "run"?: string; "label"?: string; "force"?: "0" | "1" | "true" | "false"; "onlyMissing"?: "0" | "1" | "true" | "false"; "recipe"?: string}; body: WarmRequest | string; answer: DryRun | WarmAnswer};
  "GET /api/v1/runs": {params: Record<never, never>; query: {"limit"?: number; "cursor"?: string; "state"?: "open" | "done" | "cancelled"}; body: never; answer: RunPage};
  "GET /api/v1/runs/{run}": {params: {"run": string}; query: Record<never, never>; body: never; answer: Run};
  "DELETE /api/v1/runs/{run}": {params: {"run": string}; query: Record<never, never>; body: never; answer: Run};
  "GET /api/v1/jobs": {params: Record<never, never>; query: {"state"?: ("queued" | "processing" | "retrying" | "stored" | "dead" | "cancelled")[]; "lane"?: ("live" | "upload" | "bulk")[]; "run"?: string; "search"?: string; "limit"?: number; "cursor"?: string}; body: never; answer: JobPage};
  "GET /api/v1/jobs/{job}": {params: {"job": string}; query: Record<never, never>; body: never; answer: JobDetail};
  "POST /api/v1/jobs/{job}/retry": {params: {"job": string}; query: Record<never, never>; body: never; answer: Job};
  "POST /api/v1/jobs/{job}/cancel": {params: {"job": string}; query: Record<never, never>; body: never; answer: Job};
  "GET /api/v1/dead": {params: Record<never, never>; query: {"fingerprint"?: string; "lane"?: ("live" | "upload" | "bulk")[]; "limit"?: number; "cursor"?: string}; body: never; answer: DeadLetters};
  "POST /api/v1/actions": {params: Record<never, never>; query: Record<never, never>; body: ActionRequest; answer: ActionPreview | Action};
  "GET /api/v1/actions": {params: Record<never, never>; query: {"limit"?: number; "cursor"?: string}; body: never; answer: ActionPage};
  "GET /api/v1/actions/{action}": {params: {"action": string}; query: Record<never, never>; body: never; answer: Action};
  "DELETE /api/v1/actions/{action}": {params: {"action": string}; query: Record<never, never>; body: never; answer: Action};
  "GET /api/v1/images/{id}": {params: {"id": string}; query: {"cursor"?: string}; body: never; answer: Image};
  "DELETE /api/v1/images/{id}": {params: {"id": string}; query: Record<never, never>; body: never; answer: Purge};
  "GET /api/v1/stats": {params: Record<never, never>; query: Record<never, never>; body: never; answer: Stats};
  "GET /api/v1/history": {params: Record<never, never>; query: {"tier"?: "minute" | "hour" | "day"; "from"?: number | null; "to"?: number | null}; body: never; answer: History};
  "GET /api/v1/gate": {params: Record<never, never>; query: Record<never, never>; body: never; answer: Gate};
  "PATCH /api/v1/gate": {params: Record<never, never>; query: Record<never, never>; body: GatePatch; answer: Gate};
  "GET /api/v1/audit": {params: Record<never, never>; query: {"limit"?: number; "cursor"?: string}; body: never; answer: AuditPage};
  "POST /api/v1/doctor": {params: Record<never, never>; query: Record<never, never>; body: {/** Mend what is found; else nothing is changed */ "fix"?: boolean; /** `nextCursor` of the answer before */ "cursor"?: string}; answer: {"findings": (Finding)[]; /** null: everything was looked at */ "nextCursor": string | null}};
  "POST /api/v1/session": {params: Record<never, never>; query: Record<never, never>; body: SignIn; answer: Session};
  "GET /api/v1/session": {params: Record<never, never>; query: Record<never, never>; body: never; answer: Session};
  "DELETE /api/v1/session": {params: Record<never, never>; query: Record<never, never>; body: never; answer: null};
}
