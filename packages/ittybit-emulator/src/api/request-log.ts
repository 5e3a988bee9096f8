const RECENT = 2000;

/** One call as it was seen and answered. */
export interface LoggedRequest {
  at: number;
  method: string;
  path: string;
  /** `create`, `get`, `list`, `output`, … */
  route: string;
  /** HTTP status, or `hang`, `reset`, `lost` when no answer was sent. */
  outcome: number | string;
  idempotencyKey: string | null;
  jobId: string | null;
  ms: number;
}

export interface RequestSummary {
  total: number;
  /** Calls by route and outcome, such as `create 201`. */
  counts: Record<string, number>;
  inFlight: number;
  /** The most API calls that were ever open at once. */
  peakInFlight: number;
}

export interface RequestLog {
  /** @returns a function that ends the call's entry */
  open(
    entry: Pick<LoggedRequest, "at" | "method" | "path">,
  ): (end: Omit<LoggedRequest, "at" | "method" | "path">) => void;
  /** Counts what is served beside the API: output downloads. */
  count(route: string, outcome: number | string): void;
  summary(): RequestSummary;
  /** Newest last, at most the last 2,000. */
  recent(limit?: number): LoggedRequest[];
  clear(): void;
}

/** Counts all calls, and keeps only the latest ones. */
export function createRequestLog(): RequestLog {
  let ring: LoggedRequest[] = [];
  let counts = new Map<string, number>();
  let total = 0;
  let inFlight = 0;
  let peakInFlight = 0;

  function count(route: string, outcome: number | string): void {
    const name = `${route} ${outcome}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  return {
    open(entry) {
      inFlight += 1;
      peakInFlight = Math.max(peakInFlight, inFlight);
      return (end) => {
        inFlight -= 1;
        total += 1;
        count(end.route, end.outcome);
        ring.push({ ...entry, ...end });
        if (ring.length >= 2 * RECENT) ring = ring.slice(-RECENT);
      };
    },
    count,
    summary: () => ({ total, counts: Object.fromEntries([...counts].sort()), inFlight, peakInFlight }),
    recent: (limit = RECENT) => (limit <= 0 ? [] : ring.slice(-Math.min(limit, RECENT))),
    clear() {
      ring = [];
      counts = new Map();
      total = 0;
      peakInFlight = inFlight;
    },
  };
}
