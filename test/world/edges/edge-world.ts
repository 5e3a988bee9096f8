import { GONE_WITHIN_MS } from "@prewarm/shared/limits";
import { parseTransform } from "@prewarm/shared/transform";
import { encodeId, variantKey } from "@prewarm/shared/variant-key";
import { genOf } from "@prewarm/shared/variant-metadata";
import { deleteBlock, putBlock } from "../../../workers/consumer/src/store/blocks.ts";
import type { Stored } from "../../../workers/consumer/src/testing/memory-bucket.ts";
import { CalmWorld } from "../calm-world.ts";
import { type Chance, createChance } from "../chance.ts";
import { Life } from "../life.ts";
import type { Put } from "../store.ts";
import { DataCentre } from "./data-centre.ts";

const CENTRES = 12;
/** Alike on purpose. */
const IDS = ["a", "a/b", "a-", "A"];
const CARD = "p=card";
const QUERIES = ["w=320&f=webp", "w=640&f=webp", CARD];
const CONFIG = { presets: { card: "w=320&h=240&fit=cover&f=webp" }, limits: { edgeBudgetMs: 10_000 } };
const MINUTE = 60_000;
const PLAYED_MS = 10 * MINUTE;

/** What was promised of an image: objects below `fence` are shown nowhere from `until` on. */
interface Gone {
  fence: number;
  until: number;
}

/** The production ledger, handlers and R2, and twelve data centres in front of them. It judges each view. */
export class EdgeWorld extends CalmWorld {
  readonly stale: string[] = [];
  readonly seen = { views: 0, shown: 0, removed: 0, changes: 0 };
  readonly #chance: Chance;
  readonly #centres: DataCentre[];
  readonly #paths = IDS.flatMap((id) => QUERIES.map((query) => `/images/${encodeURI(id)}?${query}`));
  readonly #gone = new Map<string, Gone[]>();
  /** By the variant's key: when objects of each generation landed. */
  readonly #landed = new Map<string, { gen: number; at: number }[]>();
  /** From when on views of an image must get 410, Unix ms. */
  readonly #removed = new Map<string, number>();
  /** By the image's id: the fence of the last purge, those of new originals and forced orders, and those of focal points. */
  readonly #purged = new Map<string, number>();
  readonly #replaced = new Map<string, Set<number>>();
  readonly #recropped = new Map<string, Set<number>>();
  #orders = 0;

  constructor(seed: number) {
    const chance = createChance(seed);
    super({
      config: CONFIG,
      liveHandlers: 4,
      workers: 4,
      weather: {
        store: () => ({
          ms: chance.hits(0.02) ? chance.between(1_000, 8_000) : chance.between(2, 60),
          backMs: 0,
          lost: chance.hits(0.02) ? (chance.hits(0.5) ? "call" : "answer") : null,
        }),
        point: () => (chance.hits(0.01) ? chance.between(1_000, 90_000) : 0),
        latePut: () => (chance.hits(0.03) ? { ms: chance.between(1_000, 60_000), answered: chance.hits(0.5) } : null),
      },
      watcher: {
        hear: (_call, _args, work) => this.#heard(work),
        putLanded: (put, object) => this.#landing(put, object),
      },
    });
    this.#chance = chance;
    this.#centres = Array.from({ length: CENTRES }, () => new DataCentre(this, this.config, chance));
  }

  #key(id: string, query: string): string {
    return variantKey(id, parseTransform(new URLSearchParams(query), this.config).transform);
  }

  /** Ten minutes of views, with changes at random moments. */
  async play(): Promise<void> {
    const { clock } = this;
    const end = clock.now() + PLAYED_MS;
    const views = async (): Promise<void> => {
      for (; clock.now() < end; await clock.sleep(this.#chance.between(0, 4_000))) void this.#view();
    };
    const changes = async (id: string): Promise<void> => {
      await this.#upload(id);
      for (; clock.now() < end - 3 * MINUTE; await clock.sleep(this.#chance.between(1_000, 5 * MINUTE)))
        await this.#change(id);
    };
    const all = Promise.all([views(), ...IDS.map(changes)]);
    await clock.until(all);
    await clock.run(MINUTE);
  }

  async #change(id: string): Promise<void> {
    this.seen.changes += 1;
    const acts = [
      () =>
        this.#told(
          id,
          this.ask((ledger) => ledger.purgeImage(id, null, "test")),
        ),
      () => this.#remove(id),
      () => this.#upload(id),
      () => this.#upload(id),
      () => this.#upload(id, true),
      () => this.ask((ledger) => ledger.setFocal(id, [this.#chance.random(), 0.5], "test")),
      async () => this.object.evict(),
    ];
    await this.#chance.pick(acts)?.();
  }

  /** As the API does: the answer comes when the edges can know. */
  async #told(id: string, act: Promise<unknown>): Promise<void> {
    await act;
    const fence = this.#purged.get(id) ?? 0;
    await this.ask((ledger) => ledger.edgesTold());
    const gone = this.#gone.get(id) ?? [];
    this.#gone.set(id, [...gone, { fence, until: this.clock.now() + GONE_WITHIN_MS }]);
  }

  async #remove(id: string): Promise<void> {
    const bucket = this.store.bucket(new Life());
    const tried = (work: () => Promise<void>) => work().catch(() => undefined);
    await tried(() => putBlock(bucket, id, { reason: "asked", who: "test", at: this.clock.now() }));
    await this.#told(
      id,
      this.ask((ledger) => ledger.removeImage([id], "asked", "test")),
    );
    this.#removed.set(id, this.clock.now() + GONE_WITHIN_MS);
    await this.clock.sleep(this.#chance.between(1_000, 4 * MINUTE));
    this.#removed.delete(id);
    await this.#told(
      id,
      this.ask((ledger) => ledger.unblockImage([id], "test")),
    );
    await tried(() => deleteBlock(bucket, id));
  }

  async #upload(id: string, force = false): Promise<void> {
    this.#orders += 1;
    const keys = QUERIES.map((query) => this.#key(id, query));
    const images = [{ id, keys, order: force ? null : String(this.#orders), sourceEtag: null }];
    const delivery = { id: `upload${this.#orders}`, chunk: 0, hash: "h" };
    const run = { run: "uploads", label: null, lane: "upload" as const };
    await this.ask((ledger) => ledger.acceptChunk({ run, delivery, images, force, backlogMax: 1_000_000 }));
  }

  /** Notes the fences that a call has raised, when the ledger hears of it. */
  #heard(work: () => unknown): unknown {
    const answer = work();
    for (const id of IDS) {
      const query = `SELECT purged, images.floor, forced, fence FROM changes LEFT JOIN images ON images.id = changes.id
        LEFT JOIN focals ON focals.id = changes.id WHERE changes.id = ?`;
      const [raw] = this.sql.exec(query, encodeId(id));
      if (raw === undefined) continue;
      this.#purged.set(id, Number(raw.purged));
      const replaced = this.#replaced.get(id) ?? new Set();
      this.#replaced.set(id, new Set([...replaced, Number(raw.floor), Number(raw.forced)]));
      const recropped = this.#recropped.get(id) ?? new Set();
      this.#recropped.set(id, new Set([...recropped, Number(raw.fence)]));
    }
    return answer;
  }

  #landing({ key }: Put, { customMetadata }: Stored): void {
    if (!key.startsWith("variants/")) return;
    const name = key.slice("variants/".length);
    const landed = this.#landed.get(name) ?? [];
    this.#landed.set(name, [...landed, { gen: genOf(customMetadata), at: this.clock.now() }]);
  }

  async #view(): Promise<void> {
    const path = this.#chance.pick(this.#paths) ?? "";
    const mustBeGone = this.#removed.get(idOf(path)) ?? Number.POSITIVE_INFINITY;
    const begun = this.clock.now();
    const answer = await this.#chance.pick(this.#centres)?.view(path);
    if (answer === undefined) return;
    this.seen.views += 1;
    const now = this.clock.now();
    if (answer.isUnread) return;
    if (answer.status === 410) this.seen.removed += 1;
    if (begun > mustBeGone && answer.status !== 410 && this.#removed.has(idOf(path)))
      this.stale.push(`${path} of a removed image: ${answer.status} at ${now}`);
    if (answer.gen === null || answer.status !== 200) return;
    this.seen.shown += 1;
    this.#judge(answer.shown, answer.gen, now);
  }

  #judge(path: string, gen: number, now: number): void {
    const key = this.#key(idOf(path), path.slice(path.indexOf("?") + 1));
    const gone = (this.#gone.get(idOf(path)) ?? []).find(({ fence, until }) => gen < fence && now > until);
    if (gone !== undefined) this.stale.push(`${path} of ${gen}, purged at ${gone.fence}: ${now - gone.until} ms late`);
    // A job may be made twice of one original, and the second one overwrites the first.
    const crops = key === this.#key(idOf(path), CARD) ? (this.#recropped.get(idOf(path)) ?? []) : [];
    const fences = [...(this.#replaced.get(idOf(path)) ?? []), ...crops];
    const isChanged = (newer: number) => fences.some((fence) => gen < fence && fence <= newer);
    const newer = (this.#landed.get(key) ?? []).find((one) => now > one.at + GONE_WITHIN_MS && isChanged(one.gen));
    if (newer !== undefined)
      this.stale.push(`${path} of ${gen}, replaced by ${newer.gen}: ${now - newer.at - GONE_WITHIN_MS} ms late`);
  }
}

function idOf(path: string): string {
  return decodeURI(path.slice("/images/".length, path.indexOf("?")));
}
