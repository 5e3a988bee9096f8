import { stagedKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { putStaged } from "../store/staged.ts";
import { picture } from "../testing/pictures.ts";
import { batchWorld, ORIGINALS, STAGED } from "./testing/batch-world.ts";

const PHOTO = `${ORIGINALS}/photo`;
const WIDTHS = [100, 200, 300, 400, 500, 600, 700];
const KEYS = WIDTHS.map((width) => `photo/${width}-high.webp`);
const FORMATS = ["avif", "webp", "jpeg"];
const HOUR_MS = 3_600_000;

/** An origin that counts what leaves it, and whose original a test replaces. */
async function stagingWorld(options: Parameters<typeof batchWorld>[0] = {}) {
  const world = batchWorld({ stages: true, ...options });
  const { web, images, ittybit, ledger } = world;
  const bytes = await picture("jpeg", 1000, 500);
  const origin = { asked: [] as string[], sent: 0, etag: '"e1"' as string | null, hasLength: true, bytes };
  const serve = (range: string | null): Response => {
    origin.asked.push(range ?? "whole");
    const whole = origin.bytes;
    const part = range === null ? whole : whole.slice(0, Number(/-(\d+)/.exec(range)?.[1]) + 1);
    origin.sent += part.length;
    const headers = new Headers(origin.etag === null ? {} : { etag: origin.etag });
    if (origin.hasLength) headers.set("content-length", String(part.length));
    if (range !== null) headers.set("content-range", `bytes 0-${part.length - 1}/${whole.length}`);
    return new Response(part, { status: range === null ? 200 : 206, headers });
  };
  web.set(PHOTO, (_, init) => serve(new Headers(init?.headers).get("range")));
  const orderOf = (id: string, order: string) => ({ id, order, sourceEtag: null });
  return {
    ...world,
    bytes,
    origin,
    serve,
    /** What jobs were made from, each once. */
    inputs: () => [...new Set(ittybit.jobs.map(({ order }) => order.input))],
    /** The staged bytes at a signed address. */
    bytesOf: (input: string) => {
      const [, name, id = ""] = /\/staged\/([^/]+)\/([^?]+)/.exec(input) ?? [];
      return images.objects.get(`staged/${id}/${name}`)?.bytes;
    },
    staged: () => [...images.objects.keys()].filter((name) => name.startsWith("staged/")),
    upload: (keys: readonly string[], order = "1") =>
      ledger.order({ lane: "upload", keys: [...keys], originals: [orderOf("photo", order)] }),
  };
}

describe("jobs that are ordered together", () => {
  it("are made from one read of their original, byte for byte", async () => {
    const { upload, shift, inputs, staged, origin, images, bytes, ledger } = await stagingWorld();
    upload(KEYS);
    await shift();
    expect(ledger.keys).toEqual([]);
    expect([origin.asked, origin.sent]).toEqual([["whole"], bytes.length]);
    const [name = ""] = staged();
    expect(inputs()).toEqual([expect.stringMatching(`^${STAGED}/${name.split("/").at(-1)}/photo`)]);
    expect(images.objects.get(name)?.bytes).toEqual(bytes);
    // One job says that the origin has answered.
    const ready = ledger.requests.flatMap(({ have }) => have.filter(({ phase }) => phase === "ready"));
    expect(new Set(ready.filter(({ copy }) => copy !== true).map(({ id }) => id)).size).toBe(1);
    expect(images.objects.get(`variants/${KEYS[0]}`)?.customMetadata["source-etag"]).toBe('"e1"');
  });

  it("wait for the copy of another handler, for 10 s at most", async () => {
    for (const isCopied of [true, false]) {
      const { ledger, clock, images, ittybit, upload, shift, staged, origin, bytes } = await stagingWorld();
      // So many that the ledger wants more than one worker.
      upload(KEYS.flatMap((key) => FORMATS.map((format) => key.replace("webp", format))));
      const [held] = ledger.another()({ first: true, room: 1 });
      expect(held?.phase).toBe("standby");
      const beganAt = clock.now();
      const working = shift();
      await clock.sleep(3_000);
      const name = { id: "photo", v: null, number: beganAt * 1000 };
      const facts = { size: { width: 1000, height: 500 }, etag: null, type: "jpeg", frames: 1, alpha: false } as const;
      if (isCopied) await putStaged(images.bucket, name, bytes, facts);
      await working;
      expect([origin.asked, staged().length]).toEqual([isCopied ? [] : ["whole"], 1]);
      const [first] = ittybit.jobs;
      expect((first?.createdAt ?? 0) - beganAt).toBeLessThan(isCopied ? 5_000 : 12_000);
    }
  });

  it("never mix two originals: later orders read one that was replaced", async () => {
    const world = await stagingWorld({ gate: { concurrency: 1 } });
    const { plan } = world.ittybit;
    world.ittybit.plan = (order) => {
      world.origin.etag = '"e2"';
      return plan(order);
    };
    world.upload(KEYS);
    await world.shift();
    const etags = () => KEYS.map((key) => world.images.objects.get(`variants/${key}`)?.customMetadata["source-etag"]);
    expect([new Set(etags()), world.inputs().length]).toEqual([new Set(['"e1"']), 1]);
    world.clock.advance(2 * 60_000);
    world.ledger.order({ keys: KEYS, force: true });
    await world.shift();
    expect([new Set(etags()), world.inputs().length]).toEqual([new Set(['"e2"']), 2]);
  });

  it("get other bytes with a new original, a purge, and an order by force, however soon", async () => {
    const world = await stagingWorld();
    world.upload(KEYS);
    await world.shift();
    world.upload(KEYS, "2");
    await world.shift();
    world.ledger.engine.purgeImage("photo", null, "test");
    world.ledger.order({ keys: KEYS });
    await world.shift();
    world.ledger.order({ keys: KEYS, force: true });
    await world.shift();
    expect([world.inputs().length, world.origin.asked.length]).toEqual([4, 4]);
  });

  it.each([null, "e"].flatMap((etag) => [[etag, ["a", "b"]] as const, [etag, ["b", "a"]] as const]))(
    "of another version read their own original, however soon after a purge: etag %s, versions %s",
    async (etag, versions) => {
      const world = await stagingWorld();
      const pictures = new Map(
        await Promise.all(versions.map(async (v, at) => [v, await picture("jpeg", 1000, 500 + at)] as const)),
      );
      world.ledger.engine.purgeImage("photo", null, "test");
      for (const v of versions) {
        world.origin.bytes = pictures.get(v) ?? world.bytes;
        world.origin.etag = etag && `"${etag}-${v}"`;
        world.ledger.order({ lane: "upload", keys: KEYS.map((key) => key.replace("/", `/@${v}/`)) });
        await world.shift();
        world.clock.advance(20_000);
      }
      const shown = versions.map((v) => {
        const jobs = world.ittybit.jobs.filter(({ order }) => order.metadata.key?.includes(`/@${v}/`));
        const read = jobs.map(({ order }) => Buffer.from(world.bytesOf(order.input) ?? []));
        return [v, new Set(read.map((bytes) => versions.find((one) => bytes.equals(pictures.get(one) ?? bytes))))];
      });
      expect(shown).toEqual(versions.map((v) => [v, new Set([v])]));
    },
  );

  it("get the bytes of a new original while they wait", async () => {
    const world = await stagingWorld();
    world.upload(KEYS.slice(0, 3));
    world.clock.advance(HOUR_MS);
    world.origin.etag = '"e2"';
    world.upload(KEYS.slice(3), "2");
    await world.shift();
    const etags = KEYS.map((key) => world.images.objects.get(`variants/${key}`)?.customMetadata["source-etag"]);
    expect([new Set(etags), world.inputs().length]).toEqual([new Set(['"e2"']), 1]);
  });

  it("are staged again when they wait longer than half a day", async () => {
    const world = await stagingWorld();
    world.upload(KEYS);
    world.clock.advance(13 * HOUR_MS);
    await world.shift();
    const [number = 0] = world.staged().map((name) => Number(name.split("/").at(-1)));
    expect(world.clock.now() - number / 1000).toBeLessThan(12 * HOUR_MS);
    expect(world.origin.asked).toEqual(["whole"]);
  });
});

describe("a viewer", () => {
  it("waits for no copy of an original, not even for that of an earlier job", async () => {
    const world = await stagingWorld();
    const [viewed = ""] = KEYS;
    let hung = 0;
    world.web.set(PHOTO, (_, init) => {
      const range = new Headers(init?.headers).get("range");
      if (range !== null) return world.serve(range);
      hung += 1;
      return new Promise<Response>(() => undefined);
    });
    world.upload(KEYS);
    const working = world.shift();
    await world.clock.sleep(500);
    expect(hung).toBe(1);
    const missedAt = world.clock.now();
    world.ledger.view(viewed);
    await working;
    const job = world.ittybit.jobs.find(({ order }) => order.metadata.key === viewed);
    expect(job?.order.input).toBe(PHOTO);
    expect((job?.createdAt ?? 0) - missedAt).toBeLessThan(2_000);
  });

  it("causes the same calls of R2 and of the origin with and without a key", async () => {
    const calls = async (stages: boolean) => {
      const world = await stagingWorld({ stages });
      world.images.objects.set(`info/photo/_`, {
        bytes: new Uint8Array(),
        etag: "e",
        uploaded: 1,
        httpMetadata: {},
        customMetadata: {},
      });
      await world.miss(...KEYS.slice(0, 2));
      return [world.images.calls, world.fetched.map(({ url }) => url), world.inputs()];
    };
    expect(await calls(true)).toEqual(await calls(false));
  });
});

describe("an original is read at its own address", () => {
  it.each([
    ["order", KEYS.slice(0, 1)],
    ["version", ["photo/@1/100-high.webp", "photo/@2/200-high.webp"]],
  ])("by a job that is alone in its %s", async (_name, keys) => {
    const world = await stagingWorld();
    world.upload(keys);
    await world.shift();
    expect([world.inputs(), world.staged(), world.origin.asked]).toEqual([[PHOTO], [], ["bytes=0-65535"]]);
  });

  it.each<[string, string, (world: Awaited<ReturnType<typeof stagingWorld>>) => void]>([
    [
      "whose length is unknown and which is long",
      "more than 10 MB",
      ({ web, bytes }) => {
        const long = Buffer.concat([bytes, Buffer.alloc(10_000_000)]);
        web.set(PHOTO, () => new Response(long));
      },
    ],
    [
      "whose body breaks off",
      "broke off twice",
      ({ web, bytes }) =>
        web.set(PHOTO, () => new Response(bytes, { headers: { "content-length": String(bytes.length + 1) } })),
    ],
    [
      "that comes too slowly",
      "within 20 s",
      ({ web, bytes, clock }) => {
        const body = () =>
          new ReadableStream<Uint8Array>({
            async start(controller) {
              controller.enqueue(bytes.slice(0, 100));
              await clock.sleep(30_000);
              controller.error(new Error("gone"));
            },
          });
        web.set(PHOTO, (_, init) => {
          const isWhole = new Headers(init?.headers).get("range") === null;
          return isWhole
            ? new Response(body(), { headers: { "content-length": String(bytes.length) } })
            : new Response(bytes);
        });
      },
    ],
  ])("%s, and a note says why", async (_name, why, change) => {
    const world = await stagingWorld();
    change(world);
    world.upload(KEYS.slice(0, 2));
    for (let round = 0; round < 3; round += 1) await world.shift();
    expect(world.ledger.keys).toEqual([]);
    expect(world.inputs()).toEqual([PHOTO]);
    const [name = ""] = world.staged();
    expect(world.images.objects.get(name)?.customMetadata.why).toContain(why);
  });

  it("by a job that has failed, unless the original has changed", async () => {
    for (const [etag, isStaged] of [
      ['"e1"', false],
      ['"e2"', true],
    ] as const) {
      const world = await stagingWorld();
      world.upload(KEYS.slice(0, 2));
      world.ittybit.plan = () => ({ ends: "failed" });
      await world.shift();
      world.origin.etag = etag;
      world.ittybit.plan = () => ({});
      const before = world.ittybit.jobs.length;
      await world.clock.sleep(10 * 60_000);
      await world.shift();
      const inputs = world.ittybit.jobs.slice(before).map(({ order }) => order.input.startsWith(STAGED));
      expect([...new Set(inputs)], etag).toEqual([isStaged]);
    }
  });

  it("if R2 does not answer", async () => {
    const world = await stagingWorld();
    world.images.fails = (call) => call.includes("staged/");
    world.upload(KEYS);
    await world.shift();
    expect([world.ledger.keys, world.inputs()]).toEqual([[], [PHOTO]]);
  });
});

it("stages a short original of unknown length", async () => {
  const world = await stagingWorld();
  world.origin.hasLength = false;
  world.upload(KEYS);
  await world.shift();
  expect([world.origin.asked, world.inputs().length]).toEqual([["whole"], 1]);
  expect(world.images.objects.get(world.staged()[0] ?? "")?.bytes).toEqual(world.bytes);
});

it("reports an original that cannot be used as a probe does", async () => {
  for (const [page, code] of [
    [() => new Response("<!doctype html>"), "unshowable"],
    [() => new Response("", { status: 404 }), "missing"],
  ] as const) {
    const world = await stagingWorld();
    world.web.set(PHOTO, page);
    world.upload(KEYS.slice(0, 2));
    await world.shift();
    expect(KEYS.slice(0, 2).map((key) => JSON.parse(world.ledger.open(key).error ?? "{}").code)).toEqual([code, code]);
    expect(world.staged()).toEqual([]);
  }
});

it("keeps the bytes of another handler that was first", async () => {
  const world = await stagingWorld();
  world.upload(KEYS);
  const { fails } = world.images;
  // Between the look and the put.
  world.images.fails = (call) => {
    if (call.startsWith("put staged/")) {
      world.images.fails = fails;
      const name = call.slice("put ".length);
      const customMetadata = {
        type: "jpeg",
        frames: "1",
        alpha: "false",
        width: "1000",
        height: "500",
        etag: '"first"',
      };
      world.images.objects.set(name, { bytes: world.bytes, etag: "e", uploaded: 1, httpMetadata: {}, customMetadata });
    }
    return false;
  };
  await world.shift();
  expect(world.staged()).toEqual([
    stagedKey({ id: "photo", v: null, number: Number(world.staged()[0]?.split("/").at(-1)) }),
  ]);
  const etags = KEYS.map((key) => world.images.objects.get(`variants/${key}`)?.customMetadata["source-etag"]);
  expect(new Set(etags)).toEqual(new Set(['"first"']));
});
