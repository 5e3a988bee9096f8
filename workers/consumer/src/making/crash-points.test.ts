import { REFUSED } from "@prewarm/durable-queue";
import { missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { idOfKey, missingKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { PlainService } from "../../../../test/world/plain-service.ts";
import { picture } from "../testing/pictures.ts";
import { CRASH_POINTS, type CrashPoint } from "./crash-points.ts";
import { batchWorld, message, ORIGINALS, STAGED } from "./testing/batch-world.ts";

const FRESH = "photo/400-high.webp";
const LEFT = "photo/800-high.webp";
const HTML = "html/400-high.webp";
const VIEWED = "seen/400-high.webp";
/** Ordered together: one is staged, the other cannot be. */
const PAIR = ["pair/400-high.webp", "pair/800-high.webp"];
const BROKEN = ["broken/400-high.webp", "broken/800-high.webp"];
const HTML_VIEWED = "html/800-high.webp";

/** Outcomes that count an attempt. */
const ATTEMPTS: readonly string[] = ["failed", "unclear", "fault"];

/** What a body that breaks off says of itself. */
const LONGER = { headers: { "content-length": "1000000" } };

class Killed extends Error {}

const plain = (clock: { now(): number }) =>
  new PlainService(clock, ({ format, transform: { width } }) => picture(format, width ?? 0, (width ?? 0) / 2));
const SERVICES = { Ittybit: undefined, "a plain engine": plain };
type Service = keyof typeof SERVICES;

/**
 * A world in which the first handler dies, the nth time a point is passed; whatever of it still runs then reaches
 * nothing.
 */
async function crashWorld(killAt: { point: CrashPoint; nth: number } | null, name: Service, lists = true) {
  const service = SERVICES[name];
  const world = batchWorld({ stages: true, ...(service === undefined ? {} : { service }) });
  const { ledger, ittybit, images, deps, clock, web, consume, shift } = world;
  ittybit.lists = lists;
  web.set("https://cdn.example.com/originals/html", () => new Response("<!doctype html><title>No</title>"));
  await images.bucket.put(missingKey(idOfKey(FRESH)), "{}");
  web.set(`${ORIGINALS}/broken`, async (_, init) => {
    const isWhole = !new Headers(init?.headers).has("range");
    return new Response(await clock.during(picture("jpeg", 1000, 500)), isWhole ? LONGER : {});
  });
  ledger.add(FRESH);
  ledger.add(HTML);
  ledger.order({ keys: PAIR });
  ledger.order({ keys: BROKEN });
  const { gen } = ledger.addLeft(LEFT, { job: service === undefined ? "job_000001" : "plain_1" });
  const { format, ...sides } = { width: 800, height: null, fit: null, pos: null, format: "webp" } as const;
  await deps
    .newEngine(() => undefined)
    .submit({
      ledger: "L1",
      gen,
      key: LEFT,
      transform: { ...sides, quality: "high", format },
      format,
      focal: null,
      input: `${ORIGINALS}/photo`,
      size: { width: 1000, height: 500 },
      etag: null,
      alpha: false,
      again: false,
    });
  clock.advance(1_000);

  let dead = false;
  const mustLive = (): void => {
    if (dead) throw new Killed();
  };
  const mortal = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          mustLive();
          const answer: unknown = await value.apply(object, args);
          mustLive();
          return answer;
        };
      },
    });
  const alive = { ...deps };
  const passed = new Map<CrashPoint, number>();
  Object.assign(deps, {
    ledger: mortal(deps.ledger),
    living: mortal,
    images: mortal(deps.images),
    fetch: async (...args: Parameters<typeof fetch>) => {
      mustLive();
      return alive.fetch(...args);
    },
    sleep: async (ms: number) => {
      await alive.sleep(ms);
      mustLive();
    },
    at: async (point: CrashPoint) => {
      mustLive();
      const nth = (passed.get(point) ?? 0) + 1;
      passed.set(point, nth);
      if (killAt?.point !== point || killAt.nth !== nth) return;
      dead = true;
      throw new Killed();
    },
  });
  const bad = message("unreadable");
  const views = [VIEWED, HTML_VIEWED].map((key) => message(missMessage(key, clock.now(), { unknown: true })));
  await consume([message(WORK_MESSAGE), bad]).catch(() => undefined);
  if (!dead) await consume(views, "urgent").catch(() => undefined);

  Object.assign(deps, alive);
  await clock.sleep(61_000);
  if (bad.fate !== "ack") await consume([bad]);
  await consume(
    views.filter(({ fate }) => fate !== "ack"),
    "urgent",
  );
  for (let round = 0; round < 3; round += 1) {
    await shift();
    await clock.sleep(61_000);
  }
  return { ...world, passed };
}

/** Whatever died on the way: each variant once, nothing else, nothing open. */
async function expectConverged({ ledger, images, service }: Awaited<ReturnType<typeof crashWorld>>): Promise<void> {
  const made = service.made();
  for (const [key, width] of [
    [FRESH, 400],
    [LEFT, 800],
    [VIEWED, 400],
    ...[PAIR, BROKEN].flatMap(([small = "", large = ""]) => [[small, 400] as const, [large, 800] as const]),
  ] as const) {
    const object = images.objects.get(`variants/${key}`);
    expect(object?.bytes, key).toEqual(await picture("webp", width, width / 2));
    const gens = made.flatMap((job) => (job.key === key ? [String(job.gen)] : []));
    expect([object?.customMetadata.gen], key).toEqual(gens);
  }
  // Stored rows are gone; those that are left were refused.
  expect(ledger.keys.toSorted()).toEqual([HTML, HTML_VIEWED]);
  for (const key of [HTML, HTML_VIEWED])
    expect(ledger.row(key)).toMatchObject({
      state: REFUSED,
      error: expect.stringContaining("unshowable"),
      attempts: 0,
    });
  const gens = made.map((job) => job.gen);
  expect(gens).toHaveLength(7);
  expect(new Set(gens).size).toBe(7);
  const inputs = (keys: string[]) => new Set(made.flatMap(({ key, input }) => (keys.includes(key) ? [input] : [])));
  expect([...inputs(PAIR)]).toEqual([expect.stringContaining(`${STAGED}/`)]);
  expect([...inputs(BROKEN)]).toEqual([`${ORIGINALS}/broken`]);
  const attempts = [...ledger.outcomes.values()].flat().filter(({ kind }) => ATTEMPTS.includes(kind));
  expect(attempts).toEqual([]);
  expect(ledger.dead).toHaveLength(1);
  for (const key of [HTML, HTML_VIEWED]) expect(images.objects.has(missingKey(idOfKey(key))), key).toBe(true);
  expect(ledger.alive).toEqual([]);
}

describe.each(Object.keys(SERVICES) as Service[])("a handler of %s killed at any point", (name) => {
  it("passes every named point, and ends, if no test kills it", async () => {
    const world = await crashWorld(null, name);
    expect(CRASH_POINTS.filter((point) => !world.passed.has(point))).toEqual([]);
    await expectConverged(world);
    expect(world.images.objects.has(missingKey(idOfKey(FRESH)))).toBe(false);
  });

  it.each(CRASH_POINTS)(
    "%s: each time it is passed, others bring it to its end, with one job a generation",
    async (point) => {
      const times = (await crashWorld(null, name)).passed.get(point) ?? 0;
      expect(times).toBeGreaterThan(0);
      for (let nth = 1; nth <= times; nth += 1) await expectConverged(await crashWorld({ point, nth }, name));
    },
  );
});

describe("a handler killed", () => {
  // Where there is a list, the collector finds such a job before its POST is repeated.
  it("right after its POST, at a service without a list: the POST is repeated under its key", async () => {
    const point = "posted";
    const times = (await crashWorld(null, "Ittybit", false)).passed.get(point) ?? 0;
    expect(times).toBeGreaterThan(0);
    for (let nth = 1; nth <= times; nth += 1) {
      const world = await crashWorld({ point, nth }, "Ittybit", false);
      const posts = world.ittybit.calls.filter((call) => call.startsWith("submit"));
      expect(posts.length).toBeGreaterThan(new Set(posts).size);
      await expectConverged(world);
    }
  });
});
