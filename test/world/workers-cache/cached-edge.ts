import type { Config } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import { formatTransform } from "@prewarm/shared/transform";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import { edgeInFront } from "../strangers/edge-in-front.ts";
import type { World } from "../world.ts";
import { type CacheOptions, ModelledWorkersCache } from "./modelled-workers-cache.ts";
import { PurgeAccount } from "./purge-account.ts";
import { ShownJudge } from "./shown-judge.ts";

const ORIGIN = "https://images.example.com";
export const CENTRES = ["north", "south"] as const;
export type Centre = (typeof CENTRES)[number];

export interface CachedEdgeOptions extends Pick<CacheOptions, "landMs" | "purgeMs" | "takesPurged" | "version"> {
  /** What an isolate's read of R2 takes, there and back. Default: no time. */
  onRead?: () => Promise<void>;
  /** Told of each answer that shows what R2 had given up for longer than it may. */
  violation(text: string): void;
  /** No call has to wait for a token, and nothing goes wrong: what waits is no excuse. Default: false. */
  strict?: boolean;
}

/** The production edge of a world with a Workers Cache in front: viewers ask the cache, and so does the ledger's poke. */
export class CachedEdge {
  readonly cache: ModelledWorkersCache;
  readonly account: PurgeAccount;
  readonly judge: ShownJudge;
  readonly counts;
  readonly #world: World;

  constructor(world: World, config: Config, options: CachedEdgeOptions) {
    const { onRead, violation, strict = false, ...more } = options;
    const edge = edgeInFront(world, config, onRead);
    this.#world = world;
    this.counts = edge.counts;
    this.account = new PurgeAccount(world.clock.now);
    this.judge = new ShownJudge(world, violation, strict);
    const call = (kind: "purge" | "invalidate") => async (what: CachePurgeOptions) => {
      const result = await this.cache.context[kind](what);
      if (result.success) this.judge.called(what);
      return result;
    };
    const context = { purge: call("purge"), invalidate: call("invalidate") };
    this.cache = new ModelledWorkersCache({
      ...{ clock: world.clock, account: this.account, centres: CENTRES, crossVersion: true },
      // What goes on after the answer is the platform's to end.
      run: (request) => edge.ask(request, (work) => void work.catch(() => undefined), context),
      ...more,
    });
    world.callEdge = () => this.poke();
  }

  /** A POST of the ledger's, or of a stranger's. */
  async poke(): Promise<string | null> {
    const { status } = await this.ask("/images/", CENTRES[0], { method: "POST" });
    return status === 204 ? null : `the edge answered ${status} (world)`;
  }

  ask(path: string, centre: Centre, init: RequestInit = {}): Promise<Response> {
    return this.cache.fetch(new Request(ORIGIN + path, init), centre);
  }

  /** A viewer looks at a variant; what is shown is judged. */
  async view(key: string, centre: Centre): Promise<Response> {
    const response = await this.ask(pathOf(key), centre);
    if (response.status === 200 && response.headers.get("Content-Type") === "image/webp") {
      const bytes = await this.#world.clock.holding(() => response.clone().arrayBuffer());
      this.judge.shown(key, new Uint8Array(bytes), this.cache.copyBehind(response));
    }
    return response;
  }

  /** At rest no cache holds what R2 does not: 30 days are long. */
  checkRest(): void {
    this.judge.rest(this.cache.copies());
  }
}

/** The URL that asks for a variant. */
export function pathOf(key: string): string {
  const parsed = parseVariantKey(key);
  if (parsed === null) throw new Error(`${key} is no key`);
  return `/images/${formatId(parsed.id)}?${formatTransform(parsed.transform)}`;
}
