import type { Chance } from "../world/chance.ts";
import { imageOf } from "./originals.ts";
import { readCode } from "./picture-code.ts";
import { pathOf, type Variant } from "./variants.ts";

/** What one view showed. */
export interface View {
  status: number;
  /** The picture is another image's, another width's, or none at all. */
  isWrong: boolean;
  /** The original's version that it was made of; null without the variant's picture. */
  version: number | null;
}

/** One view of the edge, as a browser sees it. Null: nobody answered. */
export async function view(edgeUrl: string, variant: Variant): Promise<View | null> {
  const answer = await fetch(`${edgeUrl}${pathOf(variant)}`, { redirect: "manual" }).catch(() => null);
  const bytes = await answer?.arrayBuffer().catch(() => null);
  if (!answer || !bytes) return null;
  // What stands in meanwhile is private, and no fault.
  const isVariant = answer.status === 200 && !answer.headers.get("cache-control")?.startsWith("private");
  if (!isVariant) return { status: answer.status, isWrong: false, version: null };
  const code = await readCode(new Uint8Array(bytes)).catch(() => null);
  const isRight = code !== null && code.image === imageOf(variant.id) && code.width === variant.width;
  return { status: 200, isWrong: !isRight, version: code?.version ?? null };
}

export interface Seen {
  /** Views by status; `none`: nobody answered, because the stack was down. */
  statuses: Map<string, number>;
  wrong: string[];
}

/** Viewers that look at variants until they are told to stop. */
export class Viewers {
  readonly seen: Seen = { statuses: new Map(), wrong: [] };
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(deps: {
    edgeUrl(): string | null;
    chance: Chance;
    variants: readonly Variant[];
    count: number;
    pauseMs: number;
  }) {
    this.#loops = Array.from({ length: deps.count }, () => this.#loop(deps));
  }

  async #loop({ edgeUrl, chance, variants, pauseMs }: ConstructorParameters<typeof Viewers>[0]): Promise<void> {
    while (!this.#stopped) {
      const [url, variant] = [edgeUrl(), chance.pick(variants)];
      const seen = url === null || variant === undefined ? null : await view(url, variant);
      this.#count(seen === null ? "none" : String(seen.status));
      if (seen?.isWrong && variant !== undefined) this.seen.wrong.push(pathOf(variant));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #count(status: string): void {
    this.seen.statuses.set(status, (this.seen.statuses.get(status) ?? 0) + 1);
  }

  async stop(): Promise<Seen> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.seen;
  }
}
