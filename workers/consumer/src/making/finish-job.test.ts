import { RESTORE_HOLD_MS } from "@prewarm/durable-queue";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { BULK } from "../queue-settings.ts";
import { OUTPUT_HOST } from "../testing/fake-ittybit.ts";
import { AUTHOR, geotagged } from "../testing/geotagged.ts";
import { picture } from "../testing/pictures.ts";
import { batchWorld, ORIGINALS } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";
const URL_OF_RESULT = `${OUTPUT_HOST}/job_000001`;

describe("a job that ended badly", () => {
  it.each([
    [
      "failed",
      0,
      {
        class: "once",
        failure: { code: "upstream_failed", message: "the encoder gave up", kind: "encode_failed" },
      },
    ],
    [
      "failed",
      1,
      {
        class: "once",
        failure: { code: "upstream_failed", message: "the encoder gave up", kind: "encode_failed" },
      },
    ],
    ["cancelled", 0, { class: "transient", failure: { code: "upstream_cancelled", message: "the job failed" } }],
  ] as const)("%s after %d attempts", async (ends, attempts, expected) => {
    const { shift, ledger, ittybit, clock } = batchWorld();
    ledger.add(KEY);
    ittybit.plan = () => ({ ends });
    for (let attempt = 0; attempt <= attempts; attempt += 1) {
      await shift();
      clock.advance(60_000);
    }
    expect(ledger.outcomes.get(KEY)?.[attempts]).toEqual({ kind: "failed", external: "ended", ...expected });
  });

  it("may show its result a little later: it is read again, for fifteen seconds", async () => {
    const { shift, ledger, ittybit, clock } = batchWorld();
    ittybit.plan = () => ({ output: null });
    ledger.add(KEY);
    const since = clock.now();
    while (ledger.lastOutcome(KEY)?.kind !== "failed" && clock.now() < since + 60_000) {
      await shift();
      clock.advance(5_000);
    }
    const outcomes = ledger.outcomes.get(KEY) ?? [];
    expect(outcomes.at(-1)).toMatchObject({
      class: "transient",
      failure: { code: "output_missing" },
      external: "ended",
    });
    expect(outcomes.slice(0, -1).map(({ kind }) => kind)).toEqual(["pending", "pending", "pending"]);
    expect(ittybit.calls.filter((call) => call.startsWith("get"))).toHaveLength(4);
    expect(ittybit.jobs).toHaveLength(1);
  });

  it("and shows its result at the second read is stored", async () => {
    const { shift, ledger, ittybit } = batchWorld();
    ittybit.plan = () => ({ output: null });
    ledger.add(KEY);
    // As the poller saw it: done, and nothing else.
    const { get } = ittybit.unnoted;
    ittybit.unnoted.get = async (id) => {
      const seen = await get(id);
      return seen.kind === "job" ? { ...seen, job: { ...seen.job, output: null } } : seen;
    };
    ittybit.blind = () => {
      const [job] = ittybit.jobs;
      if (job !== undefined) job.output = `${OUTPUT_HOST}/${job.id}`;
      return null;
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "stored" }]);
  });
});

describe("a result that is not the variant never reaches R2", () => {
  const WHOLE: [string, () => Promise<Response> | Response, string][] = [
    ["another format", async () => new Response(await picture("jpeg", 400, 200)), "it is jpeg, not webp"],
    ["another size", async () => new Response(await picture("webp", 200, 100)), "it is 200 × 100, not 400 × 200"],
  ];
  const NONE: typeof WHOLE = [
    ["HTML", () => new Response("<html>oops</html>"), "it is html, not webp"],
    ["nothing", () => new Response(new Uint8Array(0)), "it is empty"],
    [
      "half of it",
      async () => new Response((await picture("webp", 400, 200)).slice(0, 200)),
      "its webp data is cut off",
    ],
    [
      "half of another format",
      async () => new Response((await picture("avif", 400, 200)).slice(0, 20)),
      "it is avif, not webp",
    ],
    ["text", () => new Response("internal error"), "it is not an image, not webp"],
  ];

  async function finished([, respond]: (typeof WHOLE)[number]) {
    const world = batchWorld();
    world.web.set(URL_OF_RESULT, () => world.clock.during(Promise.resolve(respond())));
    world.ledger.add(KEY);
    await world.shift();
    expect(world.images.calls.filter((call) => call.startsWith("put variants/"))).toEqual([]);
    return world.ledger.outcomes.get(KEY)?.[0];
  }

  it.each(WHOLE)("%s: a whole picture is what Ittybit made", async (...one) => {
    const failure = { code: "output_invalid", message: expect.stringContaining(one[2]) };
    expect(await finished(one)).toMatchObject({ kind: "failed", class: "transient", failure, external: "ended" });
  });

  it.each(NONE)("%s: the job is kept, for the host may give the result yet", async (...one) => {
    const message = expect.stringMatching(/^store\.example\.net answered HTTP 200 \(.*\), and /);
    const outcome = await finished(one);
    expect(outcome).toMatchObject({ kind: "pending", unfetched: { code: "output_invalid", status: 200, message } });
    expect(JSON.stringify(outcome)).toContain(one[2]);
  });
});

describe("a result with a position and an author", () => {
  it.each(["webp", "avif", "jpeg", "png"] as const)("reaches R2 without either: %s", async (format) => {
    const { shift, ledger, web, images, clock } = batchWorld();
    const key = `photo/400-high.${format}`;
    const said = await clock.during(geotagged(format, 400, 200));
    expect(new TextDecoder("latin1").decode(said)).toContain(AUTHOR);
    web.set(URL_OF_RESULT, () => new Response(new Uint8Array(said)));
    ledger.add(key);
    await shift();
    const stored = images.objects.get(`variants/${key}`)?.bytes ?? new Uint8Array();
    expect(ledger.outcomes.get(key)).toMatchObject([{ kind: "stored", bytes: stored.byteLength }]);
    expect(new TextDecoder("latin1").decode(stored)).not.toMatch(/Jane|Secret|GPS|xmpmeta/);
    const { width, height, exif } = await clock.during(sharp(stored, { failOn: "warning" }).metadata());
    expect([width, height, exif?.includes("Jane") ?? false]).toEqual([400, 200, false]);
  });

  it("that cannot be taken out is not stored, and not paid for again", async () => {
    const { shift, ledger, web, images, clock } = batchWorld();
    const key = "photo/400-high.avif";
    const avif = await clock.during(picture("avif", 400, 200));
    const moov = Buffer.from([0, 0, 0, 8, ...Buffer.from("moov")]);
    web.set(URL_OF_RESULT, () => new Response(Buffer.concat([avif, moov])));
    ledger.add(key);
    await shift();
    const failure = { code: "output_metadata", message: expect.stringContaining("it is an avif sequence") };
    expect(ledger.outcomes.get(key)).toMatchObject([{ kind: "failed", class: "permanent", failure }]);
    expect(images.objects.has(`variants/${key}`)).toBe(false);
  });
});

describe("fetching a result", () => {
  it("goes first when a viewer waits for the result", async () => {
    const world = batchWorld();
    const { shift, ledger, ittybit, clock, fetched } = world;
    world.fetchMs = 400;
    const keys = Array.from({ length: 20 }, (_, index) => `photo/${100 + 2 * index}-high.webp`);
    // Other handlers made the jobs; all have ended.
    for (const [index, key] of keys.entries()) {
      const job = `job_${String(index + 1).padStart(6, "0")}`;
      const row = ledger.addLeft(key, { job });
      const [width, height] = [100 + 2 * index, 50 + index];
      const options = { width, format: "webp", quality: "high" } as const;
      const metadata = { ledger: "L1", gen: String(row.gen), width: String(width), height: String(height) };
      await ittybit.submit({ input: "i", options, idempotencyKey: `k${index}`, metadata });
    }
    await clock.sleep(3_000);
    // The first call brings twelve others, of which six are being fetched when the second call brings the viewer's.
    const [last = ""] = keys.slice(-1);
    ledger.before = () => {
      if (ledger.requests.length === 1) ledger.view(last);
    };
    await shift();
    expect(ledger.kinds()).toEqual(keys.map(() => "stored"));
    const results = fetched.map(({ url }) => url).filter((url) => url.startsWith(OUTPUT_HOST));
    expect(results.indexOf(`${OUTPUT_HOST}/job_000020`)).toBeLessThan(12);
  });

  it("reads the job once more when the URL has expired, and takes the fresh one", async () => {
    const { shift, ledger, web, ittybit, clock } = batchWorld();
    web.set(URL_OF_RESULT, () => {
      const job = ittybit.jobs[0];
      if (job !== undefined) job.output = `${OUTPUT_HOST}/fresh`;
      return new Response("", { status: 403 });
    });
    web.set(`${OUTPUT_HOST}/fresh`, async () => new Response(await clock.during(picture("webp", 400, 200))));
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]?.kind).toBe("stored");
  });

  it("does not take the fresh URL of a job that was made for another variant: ids are reused", async () => {
    const { shift, ledger, web, ittybit, fetched } = batchWorld();
    web.set(URL_OF_RESULT, () => {
      const job = ittybit.jobs[0];
      if (job !== undefined) {
        job.output = `${OUTPUT_HOST}/fresh`;
        job.order.metadata = { ...job.order.metadata, key: "other/400-high.webp" };
      }
      return new Response("", { status: 403 });
    });
    ledger.add(KEY);
    await shift();
    expect(fetched.filter(({ url }) => url === `${OUTPUT_HOST}/fresh`)).toEqual([]);
    expect(ledger.outcomes.get(KEY)?.[0]?.kind).toBe("pending");
  });

  describe("a result that cannot be fetched", () => {
    const answers: [string, () => Response, string, number | null][] = [
      ["401", () => new Response("", { status: 401 }), "output_private", 401],
      ["403", () => new Response("", { status: 403 }), "output_private", 403],
      ["404", () => new Response("", { status: 404 }), "output_expired", 404],
      ["410", () => new Response("", { status: 410 }), "output_expired", 410],
      ["503", () => new Response("", { status: 503 }), "output_unreachable", 503],
      ["an HTML page", () => new Response("<!doctype html>"), "output_invalid", 200],
      ["a part of it", () => new Response("RIFF", { headers: { "content-length": "9" } }), "output_invalid", 200],
      [
        "no answer",
        () => {
          throw new TypeError("fetch failed");
        },
        "output_unreachable",
        null,
      ],
    ];

    it.each(answers)(
      "%s: the job is kept, and its result is fetched again in 5 s",
      async (_name, answer, code, status) => {
        const { shift, ledger, ittybit, web, clock } = batchWorld();
        let answeredAt = 0;
        web.set(URL_OF_RESULT, () => {
          answeredAt = clock.now();
          return answer();
        });
        ledger.add(KEY);
        await shift();
        expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "pending", unfetched: { code, status } }]);
        expect(ledger.row(KEY)).toMatchObject({ attempts: 0, dueAt: answeredAt + 5_000 });
        expect(ittybit.jobs).toHaveLength(1);
      },
    );

    it.each(answers)("%s: is stored from the fresh URL that the job names then", async (_name, answer) => {
      const { shift, ledger, web, ittybit, clock, fetched } = batchWorld();
      web.set(URL_OF_RESULT, answer);
      web.set(`${OUTPUT_HOST}/fresh`, async () => new Response(await clock.during(picture("webp", 400, 200))));
      ledger.add(KEY);
      await shift();
      const [job] = ittybit.jobs;
      if (job !== undefined) job.output = `${OUTPUT_HOST}/fresh`;
      clock.advance(5_000);
      await shift();
      expect(ledger.lastOutcome(KEY)?.kind).toBe("stored");
      expect(fetched.filter(({ url }) => url.startsWith(OUTPUT_HOST))).toHaveLength(2);
      expect(ittybit.jobs).toHaveLength(1);
    });

    it.each(answers)("%s: is an attempt after ten minutes, which names the host", async (_name, answer, code) => {
      const { shift, ledger, web, clock } = batchWorld();
      web.set(URL_OF_RESULT, answer);
      ledger.add(KEY);
      const since = clock.now();
      while (ledger.lastOutcome(KEY)?.kind !== "failed" && clock.now() < since + 900_000) {
        await shift();
        clock.advance(Math.max(1_000, (ledger.row(KEY)?.dueAt ?? 0) - clock.now()));
      }
      const outcomes = ledger.outcomes.get(KEY) ?? [];
      expect(outcomes.at(-1)).toMatchObject({ class: "transient", failure: { code }, external: "ended" });
      expect(JSON.stringify(outcomes.at(-1))).toContain("store.example.net");
      expect(outcomes.length).toBeGreaterThan(10);
      expect(outcomes.length).toBeLessThan(25);
    });

    it("counts the ten minutes from the first refusal, and neither from the grant nor by Ittybit's clock", async () => {
      const { shift, ledger, web, ittybit, clock } = batchWorld();
      web.set(URL_OF_RESULT, () => new Response("", { status: 403 }));
      ittybit.plan = () => ({ ms: 3 * 3_600_000 });
      ledger.add(KEY);
      await shift();
      clock.advance(3 * 3_600_000);
      // The alarm that is due starts the poller, which sees the end.
      await shift();
      await clock.sleep(3_000);
      await shift();
      expect(ledger.lastOutcome(KEY)?.kind).toBe("pending");
    });

    it("names access rules where no signature is in the address", async () => {
      const { shift, ledger, web } = batchWorld();
      web.set(URL_OF_RESULT, () => new Response("", { status: 403 }));
      ledger.add(KEY);
      await shift();
      expect(JSON.stringify(ledger.outcomes.get(KEY))).toContain("access rules");
    });
  });

  it("sends no credentials to the result's host", async () => {
    const { shift, fetched, ledger } = batchWorld();
    ledger.add(KEY);
    await shift();
    const result = fetched.find(({ url }) => url === URL_OF_RESULT);
    expect([...(result?.headers.keys() ?? [])].sort()).toEqual(["accept", "accept-encoding"]);
  });

  it("fetches nothing from a private address, however the job names it", async () => {
    const { shift, ledger, ittybit, fetched } = batchWorld();
    ittybit.plan = () => ({ output: "https://169.254.169.254/latest/meta-data" });
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toMatchObject({ kind: "failed", failure: { code: "output_blocked" } });
    expect(fetched.filter(({ url }) => url.includes("169.254"))).toEqual([]);
  });
});

describe("putting a result", () => {
  it("is refused when the object has changed since the head, and the job is prepared again", async () => {
    const { shift, ledger, images, deps } = batchWorld();
    deps.at = async (point) => {
      if (point === "before-put") await images.bucket.put(`variants/${KEY}`, "newer");
    };
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toMatchObject({ kind: "pending" });
    expect(new TextDecoder().decode(images.objects.get(`variants/${KEY}`)?.bytes)).toBe("newer");
  });

  it("relies on the head before the POST, and replaces no later object", async () => {
    const { shift, ledger, images, deps, clock } = batchWorld();
    let putAt = 0;
    deps.at = async (point) => {
      if (point === "posted") await images.bucket.put(`variants/${KEY}`, "newer");
      if (point === "before-put") putAt ||= clock.now();
    };
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toEqual({ kind: "pending", due: putAt });
    expect(images.calls.slice(0, 3).map((call) => call.split(" ")[0])).toEqual(["head", "put", "put"]);
  });

  it("replaces exactly the older object it saw", async () => {
    const { shift, ledger, images } = batchWorld();
    const { gen } = ledger.add(KEY, { force: true });
    await images.bucket.put(`variants/${KEY}`, "older");
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]?.kind).toBe("stored");
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata.gen).toBe(String(gen));
  });

  it("does not happen once the lease is lost", async () => {
    const { shift, ledger, images, web, clock, fetched } = batchWorld();
    web.set(URL_OF_RESULT, async () => {
      clock.advance(70_000); // a download that stalls for longer than the lease
      return new Response(await clock.during(picture("webp", 400, 200)));
    });
    ledger.add(KEY);
    await shift();
    expect(fetched.filter(({ url }) => url === URL_OF_RESULT)).toHaveLength(1);
    expect(images.objects.size).toBe(0);
    expect(ledger.outcomes.size).toBe(0);
  });

  it("that fails is looked for again, without an attempt", async () => {
    const { shift, ledger, images, clock } = batchWorld();
    let putAt = 0;
    images.fails = (call) => {
      if (!call.startsWith("put variants/")) return false;
      putAt = clock.now();
      return true;
    };
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "pending", due: putAt + 5_000 }]);
    expect(ledger.row(KEY)?.attempts).toBe(0);
  });

  it("that landed though its answer was lost is found by the next head", async () => {
    const { shift, ledger, images, clock, deps } = batchWorld();
    const { put } = deps.images;
    deps.images.put = (async (...args: Parameters<typeof put>) => {
      await put(...args);
      throw new Error("the answer was lost");
    }) as typeof put;
    const { gen } = ledger.add(KEY);
    await shift();
    clock.advance(5_000);
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([
      { kind: "pending" },
      { kind: "present", objectGen: gen, posted: true },
    ]);
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata.gen).toBe(String(gen));
  });
});

describe("a job that somebody else posted", () => {
  /** Its poster has left; the job has ended since. */
  async function leftBehind(world: ReturnType<typeof batchWorld>, metadata: Record<string, string> = {}) {
    const order = {
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
    } as const;
    const row = world.ledger.addLeft(KEY, { job: "job_000001" });
    const idempotencyKey = `pw-L1-${row.gen}`;
    await world.ittybit.submit({
      ...order,
      idempotencyKey,
      metadata: { ledger: "L1", gen: String(row.gen), ...metadata },
    });
    world.ittybit.calls.length = 0;
    world.clock.advance(1_000);
    return row;
  }

  it("is finished by its metadata alone, without a call of Ittybit or of the origin", async () => {
    const world = batchWorld();
    const about = { width: 1000, height: 500, type: "image/jpeg", bytes: null, frames: 1, version: null, lqip: null };
    await world.images.bucket.put("info/photo/_", JSON.stringify({ ...about, etag: '"e1"', stored: {}, others: [] }));
    await leftBehind(world, { width: "400", height: "200", etag: '"e1"' });
    await world.shift();
    expect(world.ledger.outcomes.get(KEY)).toMatchObject([{ kind: "stored" }]);
    expect(world.ittybit.calls).toEqual([]);
    expect(world.fetched.filter(({ url }) => url.includes("/originals/"))).toEqual([]);
    expect(world.images.objects.has("info/photo/_")).toBe(true);
  });

  it.each([
    ["ledger", { ledger: "L2" }],
    ["generation", { gen: "7" }],
    ["variant", { key: "cat/400-high.webp" }],
  ])("is of another %s, as its metadata says: nothing of it is fetched", async (_name, other) => {
    const world = batchWorld();
    await leftBehind(world, { width: "400", height: "200" });
    for (const job of world.ittybit.jobs) job.order.metadata = { ...job.order.metadata, ...other };
    await world.shift();
    expect(world.ledger.outcomes.get(KEY)).toMatchObject([{ kind: "failed", failure: { code: "upstream_conflict" } }]);
    expect(world.fetched.filter(({ url }) => url === URL_OF_RESULT)).toEqual([]);
    expect(world.ledger.row(KEY)?.attempts).toBe(1);
  });

  it.each([
    ["is stored as the PNG that its metadata names, under the key of a JPEG", "png", { kind: "stored" }],
    ["is no JPEG when it is a PNG that its metadata does not name", "jpeg", { kind: "failed" }],
  ] as const)("%s", async (_name, format, expected) => {
    const { ledger, ittybit, clock, shift, images } = batchWorld();
    const key = "photo/400-high.jpeg";
    const row = ledger.addLeft(key, { job: "job_000001" });
    const named = format === "png" ? { format } : {};
    const metadata = { ledger: "L1", gen: String(row.gen), width: "400", height: "200", etag: '"e1"', ...named };
    const options = { width: 400, format: "png", quality: "high" } as const;
    await ittybit.submit({ input: `${ORIGINALS}/photo`, options, idempotencyKey: `pw-L1-${row.gen}`, metadata });
    clock.advance(1_000);
    await shift();
    expect(ledger.outcomes.get(key)?.[0]).toMatchObject(expected);
    const stored = images.objects.get(`variants/${key}`)?.httpMetadata.contentType;
    expect(stored).toBe(expected.kind === "stored" ? "image/png" : undefined);
  });

  it("is verified by the original's size when its dialect has no metadata", async () => {
    const world = batchWorld();
    await leftBehind(world);
    for (const job of world.ittybit.jobs) job.order.metadata = {};
    const small = () => world.clock.during(picture("webp", 200, 100));
    world.web.set(URL_OF_RESULT, async () => new Response(await small()));
    await world.shift();
    expect(world.ledger.outcomes.get(KEY)).toMatchObject([{ kind: "failed", failure: { code: "output_invalid" } }]);
    expect(world.ledger.row(KEY)?.attempts).toBe(1);
  });

  it.each([
    ["its own object is there already: it is present", 0, "present"],
    ["an older one is there, though above the floor: it is replaced", -1, "stored"],
  ])("%s", async (_name, step, kind) => {
    const world = batchWorld();
    const { gen } = await leftBehind(world, { width: "400", height: "200" });
    const customMetadata = { gen: String(gen + step), job: "job_0", width: "400", height: "200", "created-at": "1" };
    await world.images.bucket.put(`variants/${KEY}`, "old bytes", { customMetadata });
    await world.shift();
    expect(world.ledger.lastOutcome(KEY)?.kind).toBe(kind);
    expect(world.images.objects.get(`variants/${KEY}`)?.customMetadata.gen).toBe(String(gen));
  });
});

describe("an original with an alpha channel", () => {
  const JPEG = "photo/400-high.jpeg";
  const ROOMY = { width: 1000, height: 500, channels: 4 } as const;

  /** No pixel of the original is transparent. Its etag: `now`. */
  function world(now = '"1"') {
    const made = batchWorld();
    const { web, clock, ledger, ittybit, images, shift } = made;
    web.set(`${ORIGINALS}/photo`, async () => {
      const create = { ...ROOMY, background: { r: 200, g: 120, b: 40, alpha: 1 } };
      return new Response(new Uint8Array(await clock.during(sharp({ create }).png().toBuffer())), {
        headers: { etag: now },
      });
    });
    const asked = () => {
      const jobs = ittybit.jobs.filter(({ order }) => order.metadata.key === JPEG);
      return jobs.map(({ order }) => order.options.format);
    };
    const type = () => images.objects.get(`variants/${JPEG}`)?.httpMetadata.contentType;
    /** Makes all keys, one after another. */
    const make = async (...keys: string[]) => {
      for (const key of keys) {
        ledger.add(key);
        await shift();
      }
    };
    /** Puts a WebP that Ittybit did not make, of the original with this etag. */
    const put = async (name: string, etag: string, alpha: number, width = 400) => {
      const create = { width, height: width / 2, channels: 4, background: { r: 9, g: 9, b: 9, alpha } } as const;
      const bytes = await clock.during(sharp({ create }).webp().toBuffer());
      const metadata = { gen: "1", job: "job_0", "source-etag": etag, width: String(width), height: String(width / 2) };
      const customMetadata = { ...metadata, "created-at": "1" };
      await images.bucket.put(`variants/photo/${name}`, new Uint8Array(bytes), { customMetadata });
    };
    return { ...made, asked, type, make, put };
  }

  it("has JPEGs once a WebP has no alpha channel", async () => {
    const { make, asked, type } = world();
    await make(KEY, JPEG);
    expect([asked(), type()]).toEqual([["jpeg"], "image/jpeg"]);
  });

  it.each([
    ["no WebP is stored", null, '"1"', 1, 400],
    ["the WebP is transparent", "400-high.webp", '"1"', 0.99, 400],
    ["the WebP is of another original", "400-high.webp", '"2"', 1, 400],
    ["the WebP is of another version", "@2/400-high.webp", '"1"', 1, 400],
    ["the WebP is a crop", "400x200-cover-high.webp", '"1"', 1, 400],
    ["the WebP is too small to show a spot", "320-high.webp", '"1"', 1, 320],
    ["a wider WebP is transparent", "640-high.webp", '"1"', 0.99, 640],
  ] as const)("has a PNG for a JPEG where %s", async (_name, name, etag, alpha, width) => {
    const { make, put, asked, type } = world();
    if (name !== null) {
      await put("320-high.webp", '"1"', 1, 320);
      await put(name, etag, alpha, width);
    }
    await make(JPEG);
    expect([asked(), type()]).toEqual([["png"], "image/png"]);
  });

  it.each([
    ["PNG", 300, 3_000],
    ["WebP", 3_000, 300],
  ])("has its JPEG made once more where the %s comes first, and once only", async (_name, pngMs, webpMs) => {
    const { ledger, ittybit, deps, shift, clock, make, asked, type } = world();
    const seen: unknown[] = [];
    deps.at = async (point, key) => {
      if (point === "before-post" && key === JPEG) seen.push([ledger.row(JPEG)?.lane, ledger.row(JPEG)?.run]);
    };
    // The wider WebP is stored while the JPEG is under way.
    const took = { png: pngMs, webp: webpMs, jpeg: 4_000, avif: 0 };
    ittybit.plan = ({ options }) => ({ ms: took[options.format] + (options.width === 640 ? 2_000 : 0) });
    ledger.order({ keys: [KEY, "photo/640-high.webp", JPEG] });
    await shift();
    await shift();
    expect([asked(), type(), ledger.row(JPEG)]).toEqual([["png", "jpeg"], "image/jpeg", null]);
    expect(seen).toEqual([
      [BULK, 1],
      [BULK, 0],
    ]);
    await make("photo/828-high.webp");
    clock.advance(60_000);
    await shift();
    expect(asked()).toEqual(["png", "jpeg"]);
  });

  it("has its JPEG made once more by a handler that knows the WebP's job by its metadata alone", async () => {
    const { ledger, ittybit, make, shift, clock, asked, type } = world();
    await make(JPEG);
    const { gen } = ledger.addLeft(KEY, { job: "job_000002" });
    const [png] = ittybit.jobs;
    const metadata = { ...png?.order.metadata, gen: String(gen), key: KEY, format: "webp" };
    const options = { width: 400, format: "webp", quality: "high" } as const;
    await ittybit.submit({ input: `${ORIGINALS}/photo`, options, idempotencyKey: `pw-L1-${gen}`, metadata });
    clock.advance(1_000);
    await shift();
    await shift();
    expect([asked(), type()]).toEqual([["png", "jpeg"], "image/jpeg"]);
  });

  it("has no JPEG made once more when it is removed meanwhile", async () => {
    const { ledger, deps, make, shift, asked } = world();
    await make(JPEG);
    deps.at = async (point) => {
      if (point === "put") ledger.engine.removeImage(["photo"], "asked", "test");
    };
    await make(KEY);
    await shift();
    expect([asked(), ledger.keys]).toEqual([["png"], []]);
  });

  it("has PNG and JPEG taken as they come where a dialect shows no metadata", async () => {
    const { ledger, ittybit, deps, shift, type } = world();
    ittybit.plan = ({ options }) => ({ ms: options.format === "png" ? 5_000 : 3_000 });
    deps.at = async (point) => {
      if (point === "exchanged") for (const job of ittybit.jobs) job.order.metadata = {};
    };
    ledger.order({ keys: [KEY, JPEG] });
    await shift();
    await shift();
    expect(ledger.outcomes.get(JPEG)?.map(({ kind }) => kind)).toEqual(["stored", "stored"]);
    expect(type()).toBe("image/jpeg");
  });

  it("keeps its PNG where R2 lists nothing", async () => {
    const { images, ledger, make, type } = world();
    images.fails = (call) => call.startsWith("list ");
    await make(KEY, JPEG);
    expect([ledger.kinds(), type()]).toEqual([["stored", "stored"], "image/png"]);
  });
});

describe("a dead end's marker", () => {
  it("is written before the settle, for the attempt that is the last", async () => {
    const { shift, ledger, ittybit, images, deps } = batchWorld({ limits: { maxAttempts: 1 } });
    ledger.add(KEY);
    ittybit.refuse = () => "lost";
    let told: number | undefined;
    deps.at = async (point) => {
      if (point === "marker-written") told = ledger.outcomes.size;
    };
    await shift();
    expect(JSON.parse(new TextDecoder().decode(images.objects.get(`dead/${KEY}`)?.bytes))).toMatchObject({
      code: "upstream_unreachable",
    });
    expect(told).toBe(0);
  });

  it("is not written while there are attempts left", async () => {
    const { shift, ledger, ittybit, images } = batchWorld({ limits: { maxAttempts: 2 } });
    ledger.add(KEY);
    ittybit.refuse = () => "lost";
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "unclear" }]);
    expect(images.objects.size).toBe(0);
  });

  it("that cannot be written keeps the row open", async () => {
    const { shift, ledger, ittybit, images } = batchWorld();
    ittybit.refuse = () => ({ kind: "rejected", failure: { code: "upstream_rejected", message: "no" } });
    images.fails = (call) => call.startsWith("put dead/");
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toMatchObject({ kind: "pending" });
  });
});

describe("a job from before a restore", () => {
  const original = `${ORIGINALS}/photo`;

  /** Its original told one etag when the job was made, and tells another, or none, now. */
  async function finished(then: string | null, now: string | null) {
    const world = batchWorld();
    const { ledger, ittybit, web, clock, shift } = world;
    web.set(original, async () => {
      const bytes = await clock.during(picture("jpeg", 1000, 500));
      return new Response(bytes, now === null ? {} : { headers: { etag: now } });
    });
    const { gen } = ledger.addLeft(KEY, { job: "job_000001" });
    const metadata = { ledger: "L1", gen: String(gen), key: KEY, ...(then === null ? {} : { etag: then }) };
    await ittybit.submit({
      input: original,
      options: { width: 400, format: "webp", quality: "high" },
      idempotencyKey: `pw-L1-${gen}`,
      metadata,
    });
    ledger.engine.restored("test");
    // Nothing is handed out for two minutes. The cron wakes the poller then.
    clock.advance(RESTORE_HOLD_MS);
    await ledger.engine.rearm();
    await clock.sleep(3_000);
    await shift();
    return { ...world, gen };
  }

  it("is stored when its original still has the etag that it was made from", async () => {
    const { ledger, images, gen } = await finished('"1"', '"1"');
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "stored" });
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata).toMatchObject({
      gen: String(gen),
      "source-etag": '"1"',
    });
  });

  it.each([
    ["has another etag", '"1"', '"2"'],
    ["told none then", null, '"1"'],
    ["tells none now", '"1"', null],
    ["has never told any", null, null],
  ])("is outdated when its original %s: nothing of it is fetched, and a new one is made", async (_, then, now) => {
    const { ledger, images, fetched } = await finished(then, now);
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "outdated" }, { kind: "stored" }]);
    expect(fetched.map(({ url }) => url)).not.toContain(URL_OF_RESULT);
    expect(images.calls.filter((call) => call.startsWith("put variants/"))).toHaveLength(1);
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata.job).toBe("job_000002");
  });
});
