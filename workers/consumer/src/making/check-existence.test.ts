import { missMessage } from "@prewarm/shared/messages";
import { describe, expect, it } from "vitest";
import { batchWorld, message, ORIGINALS } from "./testing/batch-world.ts";

const KEY = "made-up/800-high.webp";

function world(options: Parameters<typeof batchWorld>[0] = {}) {
  const made = batchWorld(options);
  /** Misses of images that the edge knows nothing of. */
  const stranger = async (...keys: string[]) => {
    const misses = keys.map((key) => message(missMessage(key, made.clock.now(), { unknown: true })));
    await made.consume(misses, "urgent");
    return misses.map(({ fate }) => fate);
  };
  return { ...made, stranger };
}

describe("a miss of an image that nobody knows", () => {
  it("is made by the handler that has checked its original", async () => {
    const { stranger, ledger, ittybit } = world();
    expect(await stranger(KEY)).toEqual(["ack"]);
    expect(ledger.requests.map(({ asks }) => asks.map(({ key, unknown }) => [key, unknown]))).toContainEqual([
      [KEY, undefined],
    ]);
    expect(ittybit.jobs.map(({ order }) => order.metadata.key)).toEqual([KEY]);
  });

  it("leaves only a marker if there is no such original", async () => {
    const { stranger, ledger, web, images, ittybit, logs } = world();
    web.set(`${ORIGINALS}/made-up`, () => new Response("no", { status: 404 }));
    expect(await stranger(KEY, "made-up/400-high.webp")).toEqual(["ack", "ack"]);
    expect([ledger.keys, ledger.requests.length, ittybit.calls]).toEqual([[], 2, []]);
    expect([...images.objects.keys()]).toEqual(["dead/made-up/_"]);
    expect(logs.at(-1)).toContain('"checks":{"missing":2}');
  });

  it("is forgotten when the origin does not answer: no row, no marker", async () => {
    const { stranger, ledger, web, images } = world();
    web.set(`${ORIGINALS}/made-up`, () => new Response("no", { status: 403 }));
    expect(await stranger(KEY)).toEqual(["ack"]);
    expect([ledger.keys, images.objects.size]).toEqual([[], 0]);
  });

  it("is reported with the reason if the original cannot be used", async () => {
    const { stranger, ledger, web, images } = world();
    web.set(`${ORIGINALS}/made-up`, () => new Response("<!doctype html>"));
    await stranger(KEY);
    const told = ledger.requests.flatMap(({ asks }) => asks).find(({ refused }) => refused !== undefined);
    expect(told).toMatchObject({ key: KEY, refused: { code: "unshowable" } });
    expect([...images.objects.keys()]).toEqual(["dead/made-up/_"]);
    expect(ledger.lastOutcome(KEY)).toBeUndefined();
  });

  it("costs two calls of the ledger, however long its origin takes", async () => {
    const { stranger, web, clock, ledger, logs } = world();
    web.set(`${ORIGINALS}/made-up`, async () => {
      await clock.sleep(4_000);
      return new Response("no", { status: 404 });
    });
    await stranger(KEY);
    await clock.sleep(5_000);
    expect(logs.at(-1)).toContain('"checks":{"missing":1}');
    expect(ledger.requests.map(({ leave }) => leave)).toEqual([false, true]);
  });

  it("costs one check for all its variants, and no known image waits for it", async () => {
    const { consume, fetched, clock, web, ledger, ittybit } = world();
    web.set(`${ORIGINALS}/slow`, async () => {
      await clock.sleep(4_000);
      return new Response("no", { status: 404 });
    });
    const since = clock.now();
    const postedAt: number[] = [];
    const submit = ittybit.submit.bind(ittybit);
    ittybit.submit = (order) => {
      postedAt.push(clock.now() - since);
      return submit(order);
    };
    const unknown = ["slow/400-high.webp", "slow/800-high.webp"].map((key) =>
      missMessage(key, since, { unknown: true }),
    );
    await consume(
      [...unknown, missMessage("known/800-high.webp", since)].map((body) => message(body)),
      "urgent",
    );
    expect(postedAt).toHaveLength(1);
    expect(postedAt[0]).toBeLessThan(1_000);
    expect(fetched.filter(({ url }) => url.endsWith("/slow"))).toHaveLength(1);
    expect(ledger.row("slow/400-high.webp")).toBeNull();
  });

  describe("of a network that asks for many", () => {
    const from = (nth: number, keys: string[]) =>
      keys.map((key) => message(missMessage(key, 1_800_000_000_000, { unknown: true, nth })));
    const keysOf = (name: string) => Array.from({ length: 8 }, (_, n) => `${name}-${n}/400-high.webp`);

    it("is checked after the others, four at once", async () => {
      const { consume, clock, web, fetched } = world();
      const [many, few] = [keysOf("many"), keysOf("few")];
      let [underWay, most] = [0, 0];
      for (const key of [...many, ...few])
        web.set(`${ORIGINALS}/${key.slice(0, key.indexOf("/"))}`, async () => {
          underWay += 1;
          most = Math.max(most, underWay);
          await clock.sleep(200);
          underWay -= 1;
          return new Response("no", { status: 404 });
        });
      await consume([...from(30, many), ...from(2, few)], "urgent");
      // Two of six connections stay free for images that are known.
      expect(most).toBe(4);
      expect(fetched.map(({ url }) => url.includes("few"))).toEqual([...Array(8).fill(true), ...Array(8).fill(false)]);
    });

    it("is asked for after the others, which get the last checks", async () => {
      const { consume, ledger } = world();
      await consume(
        [...from(30, ["b/400-high.webp"]), ...from(3, ["c/400-high.webp"]), ...from(0, ["a/400-high.webp"])],
        "urgent",
      );
      expect(ledger.requests[0]?.asks.map(({ key }) => key[0])).toEqual(["a", "c", "b"]);
    });
  });

  it("leaves two markers a batch if there are no such originals, because most ids are made up and never asked for again", async () => {
    const { stranger, web, images } = world();
    const missing = (name: string, length: number) =>
      Array.from({ length }, (_, n) => {
        web.set(`${ORIGINALS}/${name}-${n}`, () => new Response("no", { status: 404 }));
        return `${name}-${n}/400-high.webp`;
      });
    const markers = () => [...images.objects.keys()];
    await stranger(...missing("many", 8));
    expect(markers()).toEqual(["dead/many-0/_", "dead/many-1/_"]);
    await stranger(...missing("alone", 1));
    expect(markers()).toHaveLength(3);
  });

  it("counts as known or as signed if one of its messages says so", async () => {
    const { consume, ledger, clock } = world();
    const at = clock.now();
    const said = [{ unknown: true }, {}, { unknown: true, signed: true }];
    await consume(
      said.map((more) => message(missMessage(KEY, at, more))),
      "urgent",
    );
    expect(ledger.requests[0]?.asks).toEqual([{ key: KEY, at, signed: true }]);
  });
});

it("an image of which viewers may order nothing more today gets a marker until the day ends", async () => {
  const { miss, images, clock } = world({ limits: { liveRowsPerImageDay: 1 } });
  await miss("made-up/400-high.webp");
  expect(images.objects.has("dead/made-up/_")).toBe(false);
  await miss(KEY);
  const marker = new TextDecoder().decode(images.objects.get("dead/made-up/_")?.bytes);
  const day = 86_400_000;
  expect(JSON.parse(marker)).toEqual({ code: "capped", until: Math.ceil(clock.now() / day) * day });
});

it("its marker is written once a batch, however many of its variants were asked for", async () => {
  const { consume, images, clock } = world({ limits: { liveRowsPerImageDay: 1 } });
  const keys = Array.from({ length: 100 }, (_, n) => `made-up/${16 * (n + 1)}-high.webp`);
  await consume(
    [...keys, "other/320-high.webp", "other/640-high.webp"].map((key) => message(missMessage(key, clock.now()))),
    "urgent",
  );
  const puts = images.calls.filter((call) => call.startsWith("put dead/"));
  expect(puts.toSorted()).toEqual(["put dead/made-up/_", "put dead/other/_"]);
});
