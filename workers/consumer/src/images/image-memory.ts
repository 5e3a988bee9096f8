import type { Bucket } from "@prewarm/durable-queue";

/** What this instance remembers of images. An eviction loses it; each part of it fails safely. */
export class ImageMemory {
  /** When the ledger began to ask R2 for blocks (asking-for-blocks.ts). Undefined: not read yet. */
  askedForBlocksAt: number | null | undefined = undefined;
  /** Tokens for looks at originals of unknown ids. */
  readonly unknownLooks: { held: Bucket | null } = { held: null };
  /** Tokens for misses without effect. When none is left, edges shed. */
  readonly rejected: { held: Bucket | null } = { held: null };
}
