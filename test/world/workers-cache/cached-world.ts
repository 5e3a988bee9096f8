import { encodeId } from "@prewarm/shared/variant-key";
import sharp from "sharp";
import { CalmWorld } from "../calm-world.ts";
import { CachedEdge, type CachedEdgeOptions, CENTRES } from "./cached-edge.ts";

/** One whose key begins otherwise than its id. */
export const ID = "shop/picture.jpg";
export const KEYS = ["400-high.webp", "800-high.webp", "320x160-cover-high.webp"].map(
  (name) => `${encodeId(ID)}/${name}`,
);
const SECOND = 1_000;
/** Viewers look so often. */
const LOOK_MS = 500;
const READ_MS = 20;

export interface CachedWorldOptions extends Partial<CachedEdgeOptions> {
  /** Runs `act` at this await: a call of the ledger or of R2, a point of a handler, a read of the edge, a landing in a cache. Null: never. */
  at?: number | null;
  act?: (world: CachedWorld) => void;
}

/** A calm world with a Workers Cache in front of its edge. Each result is another picture, so that what is shown tells when it was made. */
export class CachedWorld extends CalmWorld {
  readonly edge: CachedEdge;
  awaits = 0;
  /** When the await was that was asked for, Unix ms. */
  actedAt: number | null = null;
  readonly #options: CachedWorldOptions;
  #told = 0;

  constructor(options: CachedWorldOptions = {}) {
    let made = 0;
    super({
      config: { edgeCache: "workers", ratios: ["2:1"] },
      weather: {
        wire: () => this.#next({ ms: 8, backMs: 8, lost: null }),
        store: () => this.#next({ ms: 40, backMs: 0, lost: null }),
        point: () => this.#next(0),
      },
      result: (width) => {
        made += 1;
        return colours(width, made);
      },
    });
    this.#options = options;
    this.edge = new CachedEdge(this, this.config, {
      violation: (text) => void this.violations.push(text),
      ...options,
      onRead: async () => {
        this.#next(null);
        await this.clock.sleep(READ_MS);
      },
      landMs: () => this.#next(options.landMs?.() ?? READ_MS),
    });
  }

  #next<T>(answer: T): T {
    this.awaits += 1;
    if (this.awaits !== this.#options.at) return answer;
    this.actedAt = this.clock.now();
    this.#options.act?.(this);
    return answer;
  }

  /** The upload system tells of an original: `order` null, of the same. */
  async told(order: string | null, force = false): Promise<void> {
    this.#told += 1;
    const images = [{ id: ID, keys: KEYS, order, sourceEtag: null }];
    const delivery = { id: `told${this.#told}`, chunk: 0, hash: "h" };
    const run = { run: "told", label: null, lane: "upload" as const };
    await this.ask((ledger) => ledger.acceptChunk({ run, delivery, images, force, backlogMax: 1_000 }));
  }

  /** Viewers of both data centres look at every variant for so long. */
  async watch(seconds: number): Promise<void> {
    const end = this.clock.now() + seconds * SECOND;
    while (this.clock.now() < end) {
      this.look();
      await this.clock.run(LOOK_MS);
    }
  }

  look(): void {
    for (const key of KEYS) for (const centre of CENTRES) void this.edge.view(key, centre);
  }
}

/** A picture that no other result equals. */
async function colours(width: number, n: number): Promise<Uint8Array> {
  const background = { r: n % 256, g: Math.floor(n / 256) % 256, b: width % 256 };
  const create = { width, height: width / 2, channels: 3 as const, background };
  return new Uint8Array(await sharp({ create }).webp({ lossless: true }).toBuffer());
}
