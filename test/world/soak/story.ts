import { RESTORE_HOLD_MS } from "@prewarm/durable-queue";
import { deadKey, idOfKey, missingKey, storeKey } from "@prewarm/shared/variant-key";
import { ANY_JOB, type JobFilter } from "../../../workers/consumer/src/console/calls.ts";
import { keyOfRow } from "../../../workers/consumer/src/ledger/testing/keys.ts";
import { BULK, DEAD, lookAt, type RowLook, WAITING } from "../histories/ledger-look.ts";
import { STORM } from "../weather.ts";
import { CANCELLED_RUN } from "./diary.ts";
import { askedOf, idOf, kindOf, viewedKey, warmedKeys } from "./originals.ts";
import type { SoakWorld } from "./soak-world.ts";

const WHO = "soak";
const UPLOADS = { run: "uploads", label: null, lane: "upload" } as const;
const DEAD_LETTERS: JobFilter = { ...ANY_JOB, states: ["dead"] };
const STORM_MAX_MS = 2 * 3_600_000;
const UPLOAD_EVERY_MS = 500;
const VIEW_EVERY_MS = 250;

/** What people and systems ask during the storm. Keys of `campaign` that nobody else asked for may end cancelled. */
export class Story {
  readonly world: SoakWorld;
  readonly acts: string[] = [];
  readonly #images: number;
  readonly #endsBy: number;
  readonly #uploaded: number[] = [];
  #order = 0;
  #viewing = true;

  constructor(world: SoakWorld) {
    this.world = world;
    this.#images = world.options.images;
    this.#endsBy = world.clock.now() + STORM_MAX_MS;
  }

  /** Runs until everything was asked, everything went wrong, and nearly all is done. */
  async storm(): Promise<void> {
    const { world } = this;
    world.setRates(STORM);
    await world.upstream.trouble("storm");
    await this.#warm(CANCELLED_RUN, 0.45, 0.65);
    await this.#warm("catalogue", 0, 0.5);
    const uploads = this.#uploads(0.6, 1);
    const views = this.#views();
    await this.#acts();
    await uploads;
    await this.#until(0.97, () => world.clock.sleep(2_000));
    this.#viewing = false;
    await views;
  }

  /** Asks like a viewer: the variant if it is there, else a message. */
  async view(key: string): Promise<void> {
    const { store, diary } = this.world;
    const object = store.objects.get(storeKey(key));
    if (object !== undefined) {
      diary.served += 1;
      return diary.check(key, object, false);
    }
    diary.misses += 1;
    diary.viewed.add(key);
    const markers = [deadKey(key), missingKey(idOfKey(key))];
    if (!markers.some((marker) => store.objects.has(marker))) this.world.view(key);
  }

  /** By an action over all of them, as operators do it; how many it found. */
  async retryDead(): Promise<number> {
    const { sql, diary } = this.world;
    const dead = sql.exec("SELECT grp, part FROM jobs WHERE state = ?", DEAD).map(keyOfRow);
    for (const key of dead) diary.because(key, "retry");
    const action = { kind: "retry", filter: {}, match: DEAD_LETTERS, rate: null, who: WHO } as const;
    await this.world.ask((ledger) => ledger.createAction(action));
    return dead.length;
  }

  #done(): number {
    return 1 - this.world.open / Math.max(1, this.world.diary.promised.size);
  }

  /** Goes on with something until this part of the work is done; a storm that does not end is a violation. */
  async #until(part: number, meanwhile: () => Promise<void>): Promise<void> {
    while (this.#done() < part) {
      if (this.world.clock.now() > this.#endsBy)
        return this.world.diary.violation(
          `${part} of the work is not done ${STORM_MAX_MS / 3_600_000} hours after the storm began`,
        );
      await meanwhile();
    }
  }

  #imagesBetween(from: number, to: number): number[] {
    const [first, end] = [Math.floor(from * this.#images), Math.floor(to * this.#images)];
    return Array.from({ length: end - first }, (_, n) => first + n);
  }

  async #warm(run: string, from: number, to: number): Promise<void> {
    await this.world.warm(run, this.#imagesBetween(from, to).map(askedOf));
  }

  async #uploads(from: number, to: number): Promise<void> {
    const { clock, chance } = this.world;
    for (const image of this.#imagesBetween(from, to)) {
      this.#uploaded.push(image);
      await this.world.request(UPLOADS, [askedOf(image)]);
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
    const { upstream, clock, object } = this.world;
    const refuse = async (status: 401 | 402 | 403, ms: number) => {
      await upstream.trouble(status);
      await clock.sleep(ms);
      await upstream.trouble("storm");
    };
    const timed: [number, string, () => Promise<void>][] = [
      [0.1, "402 for 90 s", () => refuse(402, 90_000)],
      [0.2, "eviction", async () => object.evict()],
      [0.3, "bulk paused for 2 minutes", () => this.#pause()],
      [0.35, "ledger out of reach for 61 s", async () => object.goDown(61_000)],
      [0.4, "429 storm of 30 s", () => this.#throttled()],
      [0.45, "force", () => this.#force()],
      [0.5, "campaign cancelled", () => this.#cancelCampaign()],
      [0.5, "dialect v2025", () => upstream.profile("v2025")],
      [0.55, "eviction", async () => object.evict()],
      [0.58, "ledger put back by 20 s", () => this.#putBack()],
      [0.6, "403 for 40 s", () => refuse(403, 40_000)],
      [0.62, "ledger reset and out of reach for 5 minutes", async () => this.#resetAndAway()],
      [0.65, "dialect guide", () => upstream.profile("guide")],
      [0.7, "dead letters retried", async () => void (await this.retryDead())],
      [0.75, "401 for 40 s", () => refuse(401, 40_000)],
      [0.8, "dialect reference", () => upstream.profile("reference")],
      [0.85, "eviction", async () => object.evict()],
      [0.88, "ledger put back by 20 s", () => this.#putBack()],
    ];
    for (const [part, name, act] of timed) {
      await this.#until(part, async () => {
        await this.#mischief();
        await clock.sleep(1_500);
      });
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
    const { versions, diary } = this.world;
    diary.replaced(image);
    versions[image] = (versions[image] ?? 0) + 1;
    this.#order += 1;
    const told = { order: String(this.#order), sourceEtag: `"${image}-${versions[image]}"` };
    await this.world.request(UPLOADS, [{ ...askedOf(image), ...told }]);
    diary.replaced(image);
  }

  async #purge(image: number): Promise<void> {
    const { chance } = this.world;
    // Repeated when the answer is lost: the image is then purged twice.
    await this.world.ask((ledger) => ledger.purgeImage(idOf(image), null, WHO));
    if (chance.hits(0.4)) await this.world.request(UPLOADS, [askedOf(image)]);
  }

  #deleteByHand(image: number): void {
    const { store, diary, chance } = this.world;
    const key = chance.pick(warmedKeys(image));
    if (key === undefined || !store.objects.has(storeKey(key))) return;
    store.remove(storeKey(key));
    diary.deletedByHand.add(key);
    diary.because(key, "deleted");
  }

  /** Once some of it is being made, since what merely waits is cancelled at once. */
  async #cancelCampaign(): Promise<void> {
    const { clock } = this.world;
    while (this.#isCampaignWaiting() && clock.now() < this.#endsBy) await clock.sleep(500);
    await this.world.ask((ledger) => ledger.cancelRun(CANCELLED_RUN, WHO));
  }

  /** Some of what only it asked for waits, and none of that is being made. */
  #isCampaignWaiting(): boolean {
    const { sql } = this.world;
    const n = Number(sql.exec("SELECT n FROM runs WHERE id = ?", CANCELLED_RUN)[0]?.n);
    const { rows, claims } = lookAt(sql);
    const isOnly = ({ run, lane, state, joined }: RowLook) =>
      run === n && lane === BULK && state === WAITING && joined === 0;
    const ids = new Set([...rows.values()].filter(isOnly).map(({ id }) => id));
    return ids.size > 0 && !claims.some(({ id, admitted }) => admitted && ids.has(id));
  }

  async #pause(): Promise<void> {
    const pause = (on: boolean) => this.world.ask((ledger) => ledger.patchGate({ paused: { bulk: on } }, WHO));
    await pause(true);
    await this.world.clock.sleep(120_000);
    await pause(false);
  }

  async #resetAndAway(): Promise<void> {
    const { object } = this.world;
    object.evict();
    object.goDown(300_000);
  }

  /** As an operator does it: the older database, its number, and then once more what was ordered since. */
  async #putBack(): Promise<void> {
    const { object, clock, diary, sql } = this.world;
    const at = clock.now();
    const copy = object.copy();
    const { claims: granted, rows } = lookAt(sql);
    const ordered = new Set([...rows.values()].filter(({ state }) => state === WAITING).map(({ key }) => key));
    diary.putBacks += 1;
    const before = this.#uploaded.length;
    await clock.sleep(20_000);
    diary.putBack(at, granted, ordered);
    object.putBack(copy);
    await this.world.ask((ledger) => ledger.restored(WHO, {}, null));
    // Its answer may have been lost, and another one be told.
    diary.putBack(at, [], ordered);
    // One of before may have been on its way.
    for (const image of this.#uploaded.slice(Math.max(0, before - 1)))
      await this.world.request(UPLOADS, [askedOf(image)]);
    // The ledger finds jobs of before by their metadata, which the next dialect may not have.
    await clock.sleep(RESTORE_HOLD_MS);
  }

  async #throttled(): Promise<void> {
    const { upstream, clock } = this.world;
    await upstream.trouble("throttled");
    await clock.sleep(30_000);
    await upstream.trouble("storm");
  }

  async #force(): Promise<void> {
    const { chance } = this.world;
    const images = new Set(Array.from({ length: 20 }, () => Math.floor(chance.random() * this.#images)));
    await this.world.warm("force", [...images].map(askedOf), true);
  }
}
