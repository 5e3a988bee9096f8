import { IMAGES_PER_CALL, MAX_CONNECTIONS, SUBREQUESTS_MAX } from "@prewarm/shared/limits";
import { blockKey, encodeId, infoKey } from "@prewarm/shared/variant-key";
import { expect, it } from "vitest";
import type { ImageActionAsk } from "../../workers/consumer/src/images/calls.ts";
import { CalmWorld } from "./calm-world.ts";
import { Life } from "./life.ts";

/** 10,000 each night, with their originals: all are out of R2 within ten minutes. Fewer take their share of the time. */
const IMAGES = Number(process.env.BULK_IMAGES ?? 1_000);
const SECOND = 1_000;
const WITHIN_MS = 600 * SECOND * Math.max(0.1, IMAGES / 10_000);
/** 200 blocks, six at once. */
const BLOCKS_MS = 2_000;
const HOP = { ms: 60, backMs: 20, lost: null } as const;

const ids = Array.from({ length: IMAGES }, (_, n) => `user/pic-${n}.jpg`);
const ACTION = {
  action: "case-812-all",
  kind: "remove",
  also: [],
  label: null,
  reason: "asked",
} satisfies Partial<ImageActionAsk>;

/** Counts the calls of R2: at once, and since the object's last call or alarm, as the platform counts subrequests. */
class BulkWorld extends CalmWorld {
  readonly most = { atOnce: 0, sinceEvent: 0 };
  #ends: number[] = [];
  #events = 0;
  #sinceEvent = 0;

  constructor() {
    super({ weather: { store: () => this.#count(), wire: () => ({ ms: 10, backMs: 10, lost: null }) } });
  }

  #count() {
    const { calls, alarms } = this.object.counts;
    if (calls + alarms !== this.#events) this.#sinceEvent = 0;
    this.#events = calls + alarms;
    this.#sinceEvent += 1;
    this.#ends = [...this.#ends.filter((end) => end > this.clock.now()), this.clock.now() + HOP.ms];
    this.most.atOnce = Math.max(this.most.atOnce, this.#ends.length);
    this.most.sinceEvent = Math.max(this.most.sinceEvent, this.#sinceEvent);
    return HOP;
  }

  /** As the API does, call after call. */
  async removeAll(): Promise<void> {
    for (let from = 0; from < ids.length; from += IMAGES_PER_CALL) {
      const some = ids.slice(from, from + IMAGES_PER_CALL);
      for (const id of some) await this.store.leave(blockKey(id), "{}");
      await this.clock.sleep(BLOCKS_MS);
      const answer = await this.ask((ledger) => ledger.actOnImages({ ...ACTION, ids: some, from }, "test"));
      expect(answer).toEqual({ status: "done" });
      await this.ask((ledger) => ledger.edgesTold());
    }
  }
}

it("removals of one action are out of R2 at 10,000 in ten minutes, within the platform's limits", async () => {
  const world = new BulkWorld();
  const bucket = world.store.bucket(new Life());
  world.original = (id) => ({ bucket, binding: "ORIGINALS", key: `originals/${id}` });
  for (const id of ids) {
    await world.store.leave(`variants/${encodeId(id)}/400-high.webp`, "bytes");
    await world.store.leave(infoKey(id), "{}");
    await world.store.leave(`originals/${id}`, "original");
  }
  await world.clock.run(SECOND);
  const began = world.clock.now();
  await world.clock.until(world.removeAll());
  const left = () => world.sql.exec("SELECT count(*) AS n FROM sweeps WHERE pass = 1")[0]?.n;
  while (left() !== 0 && world.clock.now() - began < 2 * WITHIN_MS) await world.clock.run(SECOND);
  expect(world.clock.now() - began).toBeLessThan(WITHIN_MS);
  expect([...world.store.objects.keys()].filter((name) => /^(variants|originals)/.test(name))).toEqual([]);
  expect(await world.clock.until(world.ledger.getImageAction({ action: ACTION.action }))).toMatchObject({
    images: IMAGES,
    left: 0,
  });
  // One more is the put of the changes object.
  expect(world.most.atOnce).toBeLessThanOrEqual(MAX_CONNECTIONS + 1);
  expect(world.most.sinceEvent).toBeLessThan(SUBREQUESTS_MAX);
  expect(world.violations).toEqual([]);
  await world.close();
}, 1_200_000);
