import type { VirtualClock } from "../virtual-clock.ts";
import { type Answered, type Copy, copyFrom, isFresh, maybeStale, suits } from "./copy.ts";
import type { PurgeAccount } from "./purge-account.ts";
import { type Named, Tier } from "./tier.ts";
import { type CacheStatus, fromCopy, passedOn } from "./to-client.ts";

/** Headers that make an answer one of part, or none: the Worker is asked for all of it. */
const STRIPPED = ["Range", "If-Range", "If-None-Match", "If-Modified-Since"];

export interface CacheOptions {
  clock: Pick<VirtualClock, "now" | "sleep" | "after" | "holding">;
  /** The entrypoint behind the cache. */
  run(request: Request): Promise<Response>;
  /** Data centres with a lower tier each; there is one upper tier. */
  centres: readonly string[];
  /** Shared with every other Worker of the account. */
  account: PurgeAccount;
  /** `cross_version_cache`: whether copies outlive a deploy. */
  crossVersion?: boolean;
  /** Which version of the Worker runs. Default: always the same. */
  version?: () => string;
  /** How long an answer takes from the Worker into the caches, ms; its viewer waits for its first bytes only. Default: 0. */
  landMs?: () => number;
  /** How long a purge takes to each tier, ms; the platform's is about a second. Default: 1,000. */
  purgeMs?: () => number;
  /** A tier takes a copy of another tier although a purge has arrived that names it. Default: false, an assumption (docs/reliability.md). */
  takesPurged?: boolean;
}

/** Resolves with the copy that a question becomes; null: its answer is not kept. */
type Fill = PromiseWithResolvers<Copy | null>;

/** A question to the Worker. */
interface Question {
  key: string;
  request: Request;
  lower: Tier;
  held: Copy | null;
  /** Of the one that others wait for. */
  fill?: Fill;
}

/**
 * Cloudflare's Workers Cache in front of one entrypoint of one Worker, on the world's clock, as its documentation describes it (2026-11). Where
 * that says nothing, the model does what is worse for us: purges act on nothing that lands later, and stale copies are kept.
 */
export class ModelledWorkersCache {
  readonly #options: CacheOptions;
  readonly #upper = new Tier();
  readonly #lower: ReadonlyMap<string, Tier>;
  readonly #fills = new Map<string, Fill>();
  readonly #behind = new WeakMap<Response, Copy>();
  /** How often the Worker has run. */
  runs = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#lower = new Map(options.centres.map((centre) => [centre, new Tier()]));
  }

  /** What the entrypoint finds as `context.cache`. */
  readonly context: CacheContext = {
    purge: (options) => this.#call("purge", options),
    invalidate: (options) => this.#call("invalidate", options),
  };

  /** Answers a request that arrives at a data centre. */
  async fetch(request: Request, centre: string): Promise<Response> {
    const isHead = request.method === "HEAD";
    if (request.method !== "GET" && !isHead) return this.#bypass(request);
    const key = this.#keyOf(request);
    const lower = this.#tier(centre);
    const held = this.#find(key, request.headers, lower);
    const now = this.#options.clock.now();
    if (held !== null && isFresh(held, now)) return this.#serve(held, request, "HIT");
    if (held !== null && maybeStale(held, held.caching.whileRevalidate, now)) {
      void this.#ask({ key, request, lower, held });
      return this.#serve(held, request, "UPDATING");
    }
    return this.#collapse(key, request, lower, held);
  }

  /** Nobody promises to keep anything: each copy of each tier may be gone. */
  evict(chosen: () => boolean): void {
    for (const tier of this.#tiers()) tier.evict(chosen);
  }

  /** The copy that an answer shows. Null: it is the Worker's own. */
  copyBehind(response: Response): Copy | null {
    return this.#behind.get(response) ?? null;
  }

  /** What stands in any tier. */
  copies(): Copy[] {
    return this.#tiers().flatMap((tier) => tier.copies());
  }

  /* ── Tiers ── */

  #tiers(): Tier[] {
    return [this.#upper, ...this.#lower.values()];
  }

  #tier(centre: string): Tier {
    const tier = this.#lower.get(centre);
    if (tier === undefined) throw new Error(`no data centre ${centre}`);
    return tier;
  }

  /** Path and query as written, and the version; neither host nor method. */
  #keyOf({ url }: Request): string {
    const { pathname, search } = new URL(url);
    const { crossVersion = false, version = () => "" } = this.#options;
    return `${crossVersion ? "" : version()} ${pathname}${search}`;
  }

  /** The lower tier's copy, or the upper one's, which it takes over while it is fresh. A stale one where there is no better. */
  #find(key: string, asked: Headers, lower: Tier): Copy | null {
    const { clock, takesPurged = false } = this.#options;
    const near = lower.match(key, asked);
    if (near !== null && isFresh(near, clock.now())) return near;
    const far = this.#upper.match(key, asked);
    if (far === null || (lower.hasPurged(far) && !takesPurged)) return near;
    if (!isFresh(far, clock.now())) return near ?? far;
    lower.keep(key, far);
    return far;
  }

  #serve(copy: Copy, request: Request, how: CacheStatus): Response {
    const response = fromCopy(copy, request, how, this.#options.clock.now());
    this.#behind.set(response, copy);
    return response;
  }

  /* ── The Worker ── */

  async #bypass(request: Request): Promise<Response> {
    this.runs += 1;
    return this.#options.run(request);
  }

  /** One question of a key at a time; who comes meanwhile gets its answer, if that is kept and suits. */
  async #collapse(key: string, request: Request, lower: Tier, held: Copy | null): Promise<Response> {
    const underWay = this.#fills.get(key);
    if (underWay !== undefined) {
      const copy = await underWay.promise;
      if (copy !== null && suits(copy, request.headers)) return this.#serve(copy, request, "HIT");
      return this.#ask({ key, request, lower, held });
    }
    const fill = Promise.withResolvers<Copy | null>();
    this.#fills.set(key, fill);
    return this.#ask({ key, request, lower, held, fill });
  }

  async #ask({ key, request, lower, held, fill }: Question): Promise<Response> {
    const answer = await this.#run(wholeOf(request, held));
    const copy = answer === null ? null : copyFrom(request, answer, held);
    fill?.resolve(copy);
    const landed = copy === null ? Promise.resolve() : this.#land(key, copy, lower);
    void landed.then(() => {
      if (this.#fills.get(key) === fill) this.#fills.delete(key);
    });
    if (answer === null || answer.response.status >= 500) return this.#inPlaceOfError(answer, request, held);
    if (copy === null) return passedOn(answer.response, answer.body, request.method === "HEAD", "BYPASS");
    if (answer.response.status === 304) return this.#serve(copy, request, "REVALIDATED");
    return this.#serve(copy, request, held === null ? "MISS" : "EXPIRED");
  }

  async #land(key: string, copy: Copy, lower: Tier): Promise<void> {
    const { clock, landMs = () => 0 } = this.#options;
    const ms = landMs();
    if (ms > 0) await clock.sleep(ms);
    copy.landedAt = clock.now();
    for (const tier of [lower, this.#upper]) tier.keep(key, copy);
  }

  /** Null: the Worker threw. */
  async #run(request: Request): Promise<Answered | null> {
    const { clock } = this.#options;
    const askedAt = clock.now();
    this.runs += 1;
    try {
      const response = await this.#options.run(request);
      const body = await clock.holding(() => response.arrayBuffer());
      return { response, body, askedAt, answeredAt: clock.now() };
    } catch {
      return null;
    }
  }

  #inPlaceOfError(answer: Answered | null, request: Request, held: Copy | null): Response {
    const now = this.#options.clock.now();
    if (held !== null && maybeStale(held, held.caching.ifError, now)) return this.#serve(held, request, "STALE");
    if (answer === null) return new Response("error code: 1101", { status: 500 });
    return passedOn(answer.response, answer.body, request.method === "HEAD", "BYPASS");
  }

  /* ── Purges ── */

  async #call(kind: Named["kind"], options: CachePurgeOptions): Promise<CachePurgeResult> {
    const { clock, account, purgeMs = () => 1_000 } = this.#options;
    const result = account.take(options);
    if (!result.success) return result;
    const named: Named = {
      kind,
      tags: new Set(options.tags?.map((tag) => tag.toLowerCase())),
      pathPrefixes: options.pathPrefixes ?? [],
      everything: options.purgeEverything ?? false,
    };
    for (const tier of this.#tiers()) clock.after(purgeMs(), () => tier.hear(named, clock.now()));
    return result;
  }
}

/** The Worker is asked by GET and for the whole; and whether a copy that is held still stands. */
function wholeOf({ url, headers }: Request, held: Copy | null): Request {
  const asked = new Headers(headers);
  for (const name of STRIPPED) asked.delete(name);
  const etag = held?.headers.get("ETag");
  if (etag != null) asked.set("If-None-Match", etag);
  return new Request(url, { headers: asked });
}
