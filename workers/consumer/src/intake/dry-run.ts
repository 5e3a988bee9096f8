import type { Config } from "@prewarm/shared/config";
import { OPEN_STATES } from "@prewarm/shared/job";
import { type Original, resolveOriginal } from "@prewarm/shared/source";
import { formatTransform } from "@prewarm/shared/transform";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import { storedKeys } from "../store/variants.ts";
import { type IntakeDeps, REJECTIONS_MAX } from "./accept-stream.ts";
import type { Chunk } from "./cut-chunks.ts";

/** Images that are looked up in R2 and the ledger; of a larger request the rest counts as to be made. */
const LOOK_UP_MAX_IMAGES = 500;
/** Variants that are remembered to count each once. */
const DISTINCT_MAX_KEYS = 200_000;
/** Variants to be made that are named. */
const MISSING_MAX = 200;
/** Originals whose size is asked. */
const SAMPLE = 20;

/** Longest that one HEAD may take, in ms: somebody waits for the answer. */
const HEAD_TIMEOUT_MS = 3000;

export interface DryRunDeps extends IntakeDeps {
  /** Bytes of an original by a HEAD, or null; never throws. */
  sizeOf(original: Original): Promise<number | null>;
}

/** What a request would cost, without doing any of it. */
export async function dryRun(chunks: AsyncIterable<Chunk>, force: boolean, deps: DryRunDeps) {
  const tally = new Tally();
  for await (const chunk of chunks) {
    const fresh = tally.add(chunk);
    const there = tally.looksUp ? await lookUp(fresh, tally, deps) : new Set<string>();
    tally.read(force ? fresh : fresh.filter(({ key }) => !there.has(key)));
  }
  const jobs = force ? tally.variants : Math.max(0, tally.variants - tally.existing - tally.duplicates);
  const { bytes, sampled } = await meanBytes(tally.sample, deps);
  return {
    dryRun: true as const,
    images: tally.images,
    variants: tally.variants,
    existing: tally.existing,
    duplicates: tally.duplicates,
    jobs,
    missing: tally.missing,
    downloadBytes: tally.originals === 0 ? 0 : bytes === null ? null : Math.round(bytes * tally.originals),
    sampled,
    exact: tally.looksUp && tally.images <= LOOK_UP_MAX_IMAGES,
    price: price(jobs, deps.config),
    rejected: tally.rejected,
    rejectedTotal: tally.rejectedTotal,
  };
}

/** A variant that a request names for the first time. */
interface Named {
  id: string;
  key: string;
}

class Tally {
  images = 0;
  variants = 0;
  existing = 0;
  duplicates = 0;
  /** Those that have a job: each is read once from its origin, however many jobs it has. */
  originals = 0;
  rejectedTotal = 0;
  readonly rejected: Chunk["rejected"] = [];
  readonly sample: string[] = [];
  readonly missing: { id: string; transform: string }[] = [];
  readonly #seen = new Set<string>();
  readonly #read = new Set<string>();
  looksUp = true;

  /** Counts a chunk; returns its variants that were not seen before. */
  add(chunk: Chunk): Named[] {
    this.rejectedTotal += chunk.rejected.length;
    this.rejected.push(...chunk.rejected.slice(0, REJECTIONS_MAX - this.rejected.length));
    this.images += chunk.images.length;
    this.looksUp = this.images <= LOOK_UP_MAX_IMAGES;
    for (const { id } of chunk.images) this.#consider(id);
    const named = chunk.images.flatMap(({ id, keys }) => keys.map((key) => ({ id, key })));
    const fresh = named.filter(({ key }) => !this.#seen.has(key));
    if (this.#seen.size < DISTINCT_MAX_KEYS) for (const { key } of fresh) this.#seen.add(key);
    this.variants += fresh.length;
    return fresh;
  }

  /** Counts the originals of variants that have a job, and names the first of these. */
  read(made: readonly Named[]): void {
    for (const { id, key } of made.slice(0, MISSING_MAX - this.missing.length)) {
      const variant = parseVariantKey(key);
      if (variant !== null) this.missing.push({ id, transform: formatTransform(variant.transform) });
    }
    const fresh = [...new Set(made.map(({ id }) => id))].filter((id) => !this.#read.has(id));
    if (this.#read.size < DISTINCT_MAX_KEYS) for (const id of fresh) this.#read.add(id);
    this.originals += fresh.length;
  }

  /** The first ones, then every hundredth in turn: cheap, and it sees past one album. */
  #consider(id: string): void {
    if (this.sample.length < SAMPLE) this.sample.push(id);
    else if (this.images % 100 === 0) this.sample[(this.images / 100) % SAMPLE] = id;
  }
}

/** Counts those that have an open job or are stored; returns their keys. */
async function lookUp(fresh: readonly Named[], tally: Tally, { ledger, bucket }: IntakeDeps): Promise<Set<string>> {
  const keys = fresh.map(({ key }) => key);
  const ids = [...new Set(fresh.map(({ id }) => id))];
  const [inStore, states] = await Promise.all([storedKeys(ids, bucket), ledger.lookUp(keys)]);
  const there = new Set<string>();
  for (const key of keys) {
    const state = states[key];
    const isOpen = OPEN_STATES.some((open) => open === state);
    if (!isOpen && !inStore.has(key) && state !== "stored") continue;
    if (isOpen) tally.duplicates += 1;
    else tally.existing += 1;
    there.add(key);
  }
  return there;
}

async function meanBytes(
  ids: string[],
  { config, sizeOf }: DryRunDeps,
): Promise<{ bytes: number | null; sampled: number }> {
  const originals = [...new Set(ids)].map((id) => resolveOriginal(config, id)).filter((one) => one !== null);
  const sizes = (await Promise.all(originals.map(sizeOf))).filter((size) => size !== null);
  if (sizes.length === 0) return { bytes: null, sampled: 0 };
  return { bytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length, sampled: sizes.length };
}

function price(jobs: number, { budget: { per1000Jobs } }: Config) {
  return per1000Jobs === null ? ("unknown" as const) : { amount: (jobs / 1000) * per1000Jobs, per1000Jobs };
}

/** How large an original is: a HEAD of its URL, or of its bucket. Null when neither tells it. Never throws, never follows a redirect. */
export function originalSize(
  fetcher: typeof fetch,
  bucketNamed: (binding: string) => Pick<R2Bucket, "head"> | undefined,
): (original: Original) => Promise<number | null> {
  return async (original) => {
    try {
      if (original.kind === "bucket") return (await bucketNamed(original.bucket)?.head(original.key))?.size ?? null;
      const answer = await fetcher(original.url, {
        method: "HEAD",
        redirect: "manual",
        signal: AbortSignal.timeout(HEAD_TIMEOUT_MS),
      });
      const length = answer.headers.get("Content-Length") ?? "";
      return answer.ok && /^\d{1,15}$/.test(length) ? Number(length) : null;
    } catch {
      return null;
    }
  };
}
