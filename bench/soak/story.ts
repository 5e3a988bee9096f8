import { missMessage } from "@prewarm/shared/messages";
import { deadKey, storeKey } from "@prewarm/shared/variant-key";
import type { AcceptRequest } from "../../workers/consumer/src/ledger/contract.ts";
import type { LedgerCore } from "../../workers/consumer/src/ledger/ledger.ts";
import { refusedAccount, STORM, stormRules, throttleStorm } from "./faults.ts";
import { CANCELLED_RUN } from "./history.ts";
import { idOf, kindOf, viewedKey, warmedKeys } from "./originals.ts";
import type { World } from "./world.ts";

const CHUNK = 1_000;
const UPLOAD_EVERY_MS = 500;
const VIEW_EVERY_MS = 250;

/** What people and systems ask during the storm. Keys of `campaign` that nobody else asked for may end cancelled. */
export class Story {
  readonly world: World;
  readonly acts: string[] = [];
  readonly #images: number;
  #order = 0;
  #viewing = true;

  constructor(world: World) {
    this.world = world;
    this.#images = world.options.images;
  }

  /** Runs until everything was asked, everything went wrong, and nearly all is done. */
  async storm(): Promise<void> {
    const { world } = this;
    world.setRates(STORM);
    await world.upstream.faults(stormRules());
    await this.#warm("catalogue", 0, 0.5);
    await this.#warm(CANCELLED_RUN, 0.45, 0.65);
    const uploads = this.#uploads(0.6, 1);
    const views = this.#views();
    await this.#acts();
    await uploads;
    while (this.#done() < 0.97) await world.clock.sleep(2_000);
    this.#viewing = false;
    await views;
  }

  /** Asks like a viewer: the variant if it is there, else a message. */
  async view(key: string): Promise<void> {
    const { store, history, live, clock } = this.world;
    const object = store.get(storeKey(key));
    if (object !== null) {
      history.served += 1;
      return history.check(object, false);
    }
    history.misses += 1;
    history.viewed.add(key);
    if (store.get(deadKey(key)) !== null) return;
    live.send(missMessage(key, clock.now()));
  }

  /** Calls the ledger until it answers, as the API's callers do. */
  async ask<T>(name: string, work: (core: LedgerCore) => T, args: unknown[] = []): Promise<T> {
    for (;;) {
      try {
        return await this.world.host.call(name, args, work, true);
      } catch (error) {
        if (!String(error).includes("(soak)")) throw error;
        await this.world.clock.sleep(500);
      }
    }
  }

  async retryDead(): Promise<number> {
    const dead = this.world.sql.exec("SELECT key FROM jobs WHERE state = 4").map(({ key }) => String(key));
    for (const key of dead) this.world.history.because(key, "retry");
    await this.ask("retry", (core) => core.retry(dead));
    return dead.length;
  }

  #done(): number {
    const { open } = this.world.host.core.counts();
    return 1 - open / Math.max(1, this.world.history.promised.size);
  }

  async #accept(request: AcceptRequest): Promise<void> {
    await this.ask("accept", (core) => core.accept(request), [request]);
  }

  async #warm(run: string, from: number, to: number): Promise<void> {
    const keys: string[] = [];
    for (let image = Math.floor(from * this.#images); image < Math.floor(to * this.#images); image += 1)
      keys.push(...warmedKeys(image));
    for (let at = 0; at < keys.length; at += CHUNK) {
      const chunk = { keys: keys.slice(at, at + CHUNK), chunk: at / CHUNK };
      await this.#accept({ run, lane: "bulk", ...chunk });
    }
  }

  async #uploads(from: number, to: number): Promise<void> {
    const { clock, chance } = this.world;
    for (let image = Math.floor(from * this.#images); image < Math.floor(to * this.#images); image += 1) {
      await this.#accept({ run: "uploads", lane: "upload", keys: warmedKeys(image) });
      await clock.sleep(chance.between(0, 2 * UPLOAD_EVERY_MS));
    }
  }

  async #views(): Promise<void> {
    const { clock, chance } = this.world;
    while (this.#viewing) {
      const image = Math.floor(chance.random() * this.#images);
      const key = chance.hits(0.3) ? viewedKey(image) : chance.pick(warmedKeys(image));
      if (key !== undefined) await this.view(key);
      await clock.sleep(chance.between(0, 2 * VIEW_EVERY_MS));
    }
  }

  /** The trouble that has its time: each once a part of the work is done, and then at once if that is late. */
  async #acts(): Promise<void> {
    const { upstream, clock, host } = this.world;
    const refuse = async (status: 401 | 402 | 403, ms: number) => {
      await upstream.faults(refusedAccount(status));
      await clock.sleep(ms);
      await upstream.faults(stormRules());
    };
    const timed: [number, string, () => Promise<void>][] = [
      [0.1, "402 for 90 s", () => refuse(402, 90_000)],
      [0.2, "eviction", async () => host.evict()],
      [0.25, "campaign cancelled", () => this.#cancelCampaign()],
      [0.3, "bulk paused for 2 minutes", () => this.#pause()],
      [0.4, "429 storm of 30 s", () => this.#throttled()],
      [0.45, "force", () => this.#force()],
      [0.5, "dialect v2025", () => upstream.profile("v2025")],
      [0.55, "eviction", async () => host.evict()],
      [0.6, "403 for 40 s", () => refuse(403, 40_000)],
      [0.65, "dialect guide", () => upstream.profile("guide")],
      [0.7, "dead letters retried", async () => void (await this.retryDead())],
      [0.75, "401 for 40 s", () => refuse(401, 40_000)],
      [0.8, "dialect reference", () => upstream.profile("reference")],
      [0.85, "eviction", async () => host.evict()],
    ];
    for (const [part, name, act] of timed) {
      while (this.#done() < part) {
        await this.#mischief();
        await clock.sleep(1_500);
      }
      this.acts.push(name);
      await act();
    }
  }

  /** Now and then: an original replaced, an image purged, an object deleted by hand. */
  async #mischief(): Promise<void> {
    const { chance } = this.world;
    const image = Math.floor(chance.random() * this.#images);
    if (kindOf(image) !== "image") return;
    if (chance.hits(0.12)) await this.#replace(image);
    if (chance.hits(0.12)) await this.#purge(image);
    if (chance.hits(0.12)) this.#deleteByHand(image);
  }

  async #replace(image: number): Promise<void> {
    const { versions, history } = this.world;
    const keys = warmedKeys(image);
    history.replaced(image);
    versions[image] = (versions[image] ?? 0) + 1;
    this.#order += 1;
    const original = { id: idOf(image), order: String(this.#order), sourceEtag: `"${image}-${versions[image]}"` };
    await this.#accept({ run: "uploads", lane: "upload", keys, originals: [original] });
    history.replaced(image);
  }

  async #purge(image: number): Promise<void> {
    const { host, chance, clock } = this.world;
    for (let begun = false; !begun; ) {
      // Repeated when the answer is lost: the image is then purged twice.
      begun = await host.purge(idOf(image)).then(
        () => true,
        () => false,
      );
      if (!begun) await clock.sleep(500);
    }
    if (chance.hits(0.4)) await this.#accept({ run: "uploads", lane: "upload", keys: warmedKeys(image) });
  }

  #deleteByHand(image: number): void {
    const { store, history, chance } = this.world;
    const key = chance.pick(warmedKeys(image));
    if (key === undefined || store.get(storeKey(key)) === null) return;
    store.delete(storeKey(key));
    history.deletedByHand.add(key);
  }

  async #cancelCampaign(): Promise<void> {
    const { history } = this.world;
    for (const key of history.promised) if (!history.kept.has(key)) history.because(key, "cancel");
    await this.ask("cancelRun", (core) => core.cancelRun(CANCELLED_RUN));
  }

  async #pause(): Promise<void> {
    await this.ask("pause", (core) => core.patchGate({ paused: { bulk: true } }));
    await this.world.clock.sleep(120_000);
    await this.ask("resume", (core) => core.patchGate({ paused: { bulk: false } }));
  }

  async #throttled(): Promise<void> {
    const { upstream, clock } = this.world;
    await upstream.faults(throttleStorm());
    await clock.sleep(30_000);
    await upstream.faults(stormRules());
  }

  async #force(): Promise<void> {
    const { chance } = this.world;
    const keys = Array.from({ length: 20 }, () => warmedKeys(Math.floor(chance.random() * this.#images))).flat();
    await this.#accept({ run: "force", lane: "bulk", keys: [...new Set(keys)], force: true, chunk: 0 });
  }
}
