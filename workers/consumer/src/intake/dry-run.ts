import type { Config } from "@prewarm/shared/config";
import { OPEN_STATES } from "@prewarm/shared/job";
import { type Original, resolveOriginal } from "@prewarm/shared/source";
import { storedKeys } from "../store/variants.ts";
import { type IntakeDeps, REJECTIONS_MAX } from "./accept-stream.ts";
import type { Chunk } from "./cut-chunks.ts";

/** Images that are looked up in R2 and the ledger; of a larger request the rest counts as to be made. */
const LOOK_UP_MAX_IMAGES = 500;
/** Variants that are remembered to count each once. */
const DISTINCT_MAX_KEYS = 200_000;
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
    const keys = tally.add(chunk);
    if (tally.looksUp) await lookUp(keys, chunk, tally, deps);
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
    downloadBytes: jobs === 0 ? 0 : bytes === null ? null : Math.round(bytes * jobs),
    sampled,
    exact: tally.looksUp && tally.images <= LOOK_UP_MAX_IMAGES,
    price: price(jobs, deps.config),
    rejected: tally.rejected,
    rejectedTotal: tally.rejectedTotal,
  };
}

class Tally {
  images = 0;
  variants = 0;
  existing = 0;
  duplicates = 0;
  rejectedTotal = 0;
  readonly rejected: Chunk["rejected"] = [];
  readonly sample: string[] = [];
  readonly #seen = new Set<string>();
  looksUp = true;

  /** Counts a chunk; returns its keys that were not seen before. */
  add(chunk: Chunk): string[] {
    this.rejectedTotal += chunk.rejected.length;
    this.rejected.push(...chunk.rejected.slice(0, REJECTIONS_MAX - this.rejected.length));
    this.images += chunk.images.length;
    this.looksUp = this.images <= LOOK_UP_MAX_IMAGES;
    for (const { id } of chunk.images) this.#consider(id);
    const fresh = chunk.images.flatMap(({ keys }) => keys).filter((key) => !this.#seen.has(key));
    if (this.#seen.size < DISTINCT_MAX_KEYS) for (const key of fresh) this.#seen.add(key);
    this.variants += fresh.length;
    return fresh;
  }

  /** The first ones, then every hundredth in turn: cheap, and it sees past one album. */
  #consider(id: string): void {
    if (this.sample.length < SAMPLE) this.sample.push(id);
    else if (this.images % 100 === 0) this.sample[(this.images / 100) % SAMPLE] = id;
  }
}

async function lookUp(keys: string[], chunk: Chunk, tally: Tally, { ledger, bucket }: IntakeDeps): Promise<void> {
  const [inStore, states] = await Promise.all([
    storedKeys(
      chunk.images.map(({ id }) => id),
      bucket,
    ),
    ledger.lookUp(keys),
  ]);
  for (const key of keys) {
    const state = states[key];
    if (OPEN_STATES.some((open) => open === state)) tally.duplicates += 1;
    else if (inStore.has(key) || state === "stored") tally.existing += 1;
  }
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

function price(jobs: number, { prices }: Config) {
  const per1000Jobs = prices.ittybitPer1000Jobs;
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
