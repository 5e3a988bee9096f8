/** Calls a minute, calls at once, and operations (tags and prefixes) a call: the Free plan's, whatever the account's (developers.cloudflare.com/workers/cache/limitations). */
const CALLS_PER_MINUTE = 5;
const BURST = 25;
const OPERATIONS_MAX = 100;

/** What may be purged in an account: every Worker's caches draw from the same tokens. */
export class PurgeAccount {
  readonly #now: () => number;
  #tokens = BURST;
  #at: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  get tokens(): number {
    const now = this.#now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#at) / 60_000) * CALLS_PER_MINUTE);
    this.#at = now;
    return this.#tokens;
  }

  /** Takes a token for a call; says why the call is refused, and takes none then. */
  take({ tags = [], pathPrefixes = [] }: CachePurgeOptions): CachePurgeResult {
    if (tags.length + pathPrefixes.length > OPERATIONS_MAX) return refused(1_094, "too many operations in one call");
    if (this.tokens < 1) return refused(1_134, "rate limit reached");
    this.#tokens -= 1;
    return { success: true, errors: [] };
  }
}

function refused(code: number, message: string): CachePurgeResult {
  return { success: false, errors: [{ code, message }] };
}
