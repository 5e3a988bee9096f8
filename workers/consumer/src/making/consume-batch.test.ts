import { missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { describe, expect, it } from "vitest";
import { picture } from "../testing/pictures.ts";
import { consumeBatch } from "./consume-batch.ts";
import { batchWorld, message } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";
const NOW = 1_800_000_000_000;

describe("consumeBatch", () => {
  it("asks for all misses of a batch with one call, each key once, by its newest miss", async () => {
    const { consume, ledger } = batchWorld();
    const misses = [missMessage(KEY, NOW - 1), missMessage("photo/800-high.webp", NOW - 3), missMessage(KEY, NOW - 5)];
    await consume(
      misses.map((body) => message(body)),
      "urgent",
    );
    const [first, ...others] = ledger.requests;
    expect(first).toMatchObject({ role: "urgent", first: true, room: 0 });
    expect(first?.asks).toEqual([
      { key: KEY, at: NOW - 1 },
      { key: "photo/800-high.webp", at: NOW - 3 },
    ]);
    expect(others.flatMap(({ asks }) => asks)).toEqual([]);
  });

  it("works one shift for a batch, however many wake-ups are in it", async () => {
    const { consume, ledger } = batchWorld();
    ledger.add(KEY);
    const messages = [message(WORK_MESSAGE), message(WORK_MESSAGE)];
    await consume(messages);
    expect(new Set(ledger.requests.map(({ owner }) => owner)).size).toBe(1);
    expect(ledger.lastOutcome(KEY)?.kind).toBe("stored");
    expect(messages.map(({ fate }) => fate)).toEqual(["ack", "ack"]);
  });

  it("records an unreadable message with its body and reason, and handles the other messages", async () => {
    const { consume, ledger } = batchWorld();
    const bad = message({ v: 1, keys: ["../../etc/passwd"], lane: "live", at: 1 }, 3);
    const good = message(missMessage(KEY, NOW));
    await consume([bad, good], "urgent");
    expect([bad.fate, good.fate]).toEqual(["ack", "ack"]);
    expect(ledger.dead).toEqual([
      expect.objectContaining({
        queue: "prewarm-live",
        id: bad.id,
        reason: expect.stringContaining("not a variant key"),
      }),
    ]);
    expect(JSON.parse(ledger.dead[0]?.body ?? "")).toEqual(bad.body);
    expect(ledger.submitted).toHaveLength(1);
  });

  it.each([
    ["urgent", WORK_MESSAGE],
    ["work", missMessage(KEY, NOW)],
  ] as const)("records what does not belong into the %s queue, and asks for nothing", async (role, body) => {
    const { consume, ledger } = batchWorld();
    const one = message(body);
    await consume([one], role);
    expect(one.fate).toBe("ack");
    expect(ledger.dead).toHaveLength(1);
    expect(ledger.requests).toEqual([]);
  });

  it("retries a message of a newer version for newer code, ever later", async () => {
    const { consume, ledger } = batchWorld();
    const messages = [1, 2, 10].map((attempts) => message({ v: 3, anything: true }, attempts));
    await consume(messages);
    expect(messages.map(({ fate }) => fate)).toEqual(["retry 600", "retry 1200", "retry 43200"]);
    expect(ledger.calls).toEqual([]);
  });

  it("brings unreadable messages back when the ledger does not answer", async () => {
    const { consume, ledger } = batchWorld();
    ledger.silent = () => true;
    const messages = [message(WORK_MESSAGE), message("unreadable")];
    await consume(messages);
    expect(messages.map(({ fate }) => fate)).toEqual(["retry 10", "retry 10"]);
    expect(new Set(ledger.calls)).toEqual(new Set(["recordDead"]));
  });

  it("never has more than six calls in flight", async () => {
    const { shift, ledger, deps, ittybit } = batchWorld();
    let now = 0;
    let most = 0;
    const counted = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        const result = await act(...args);
        now -= 1;
        return result;
      };
    };
    const { images, fetch } = deps;
    deps.fetch = counted(fetch) as typeof deps.fetch;
    deps.originals.fetch = deps.fetch;
    deps.ittybit = { submit: counted(ittybit.submit), get: counted(ittybit.get), list: counted(ittybit.list) };
    deps.images = { ...images, head: counted(images.head), put: counted(images.put as never) as never };
    for (let width = 100; width < 120; width += 1) ledger.add(`photo/${width}-high.webp`);
    await shift();
    expect(most).toBe(6);
  });

  it("lets POSTs go before heads for later", async () => {
    const { shift, ledger, deps, ittybit, clock } = batchWorld();
    const order: string[] = [];
    const { images } = deps;
    deps.images = {
      ...images,
      head: async (key) => {
        await clock.sleep(100);
        order.push("head");
        return images.head(key);
      },
    };
    deps.ittybit = {
      ...ittybit,
      submit: (posted) => {
        order.push("POST");
        return ittybit.submit(posted);
      },
    };
    for (let width = 100; width < 140; width += 1) ledger.add(`photo/${width}-high.webp`);
    await shift();
    // Six heads are through when the second call is made; those that it lets go do not wait for the other 34.
    expect(order.indexOf("POST")).toBeLessThanOrEqual(18);
  });
});

describe("a batch of misses", () => {
  it("is recorded, prepared, posted and reported within half a second, however long the job takes", async () => {
    const world = batchWorld();
    const { miss, ledger, ittybit, clock, deps } = world;
    world.fetchMs = 60;
    ittybit.plan = () => ({ ms: 10_000 });
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        await clock.sleep(150);
        return ittybit.submit(order);
      },
    };
    const since = clock.now();
    const [one] = await miss(KEY);
    expect(one?.fate).toBe("ack");
    expect(clock.now() - since).toBeLessThanOrEqual(300);
    expect(ledger.requests.every(({ room }) => room === 0)).toBe(true);
    expect(ledger.requests.at(-1)).toMatchObject({ leave: true, submitted: [{ job: "job_000001" }] });
    expect(ledger.row(KEY)).toMatchObject({ owner: null, granted: true, job: "job_000001" });
  });

  it("does nothing but ask and leave when no slot is free", async () => {
    const { miss, ledger, images, ittybit } = batchWorld({ gate: { concurrency: 1 } });
    ledger.addLeft("cat/400-high.webp");
    await miss(KEY);
    expect(ledger.requests.map(({ leave }) => leave)).toEqual([false, true]);
    expect(ledger.row(KEY)).toMatchObject({ owner: null, granted: false });
    expect([images.calls, ittybit.calls]).toEqual([[], []]);
  });

  it("reports a variant that R2 has already", async () => {
    const { miss, ledger, images, ittybit } = batchWorld();
    const customMetadata = { gen: "5", job: "job_0", width: "400", height: "200", "created-at": "1" };
    await images.bucket.put(`variants/${KEY}`, "bytes", { customMetadata });
    await miss(KEY);
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "present", objectGen: 5, posted: false });
    expect(ittybit.calls).toEqual([]);
  });

  it("does not wait for an origin that hangs: its job is given back, and the other jobs are reported in time", async () => {
    const { miss, ledger, web, clock } = batchWorld();
    web.set("https://cdn.example.com/originals/slow", async () => {
      await clock.sleep(30_000);
      return new Response("");
    });
    const since = clock.now();
    await miss("slow/400-high.webp", KEY);
    expect(clock.now() - since).toBeLessThanOrEqual(5_200);
    expect(ledger.lastOutcome("slow/400-high.webp")).toEqual({ kind: "unposted" });
    const told = ledger.requests.findIndex(({ submitted }) => submitted.length > 0);
    expect(told).toBe(1);
  });

  it("ends after a quarter of a second although an origin hangs, and its handler goes on", async () => {
    const { ledger, web, clock, deps, ittybit } = batchWorld();
    web.set("https://cdn.example.com/originals/slow", async () => {
      await clock.sleep(4_000);
      return new Response("no", { status: 404 });
    });
    web.set("https://cdn.example.com/originals/photo", async () => {
      await clock.sleep(1_000);
      return new Response(await clock.during(picture("jpeg", 1_000, 500)));
    });
    const messages = ["slow/400-high.webp", KEY].map((key) =>
      message(missMessage(key, clock.now(), { unknown: true })),
    );
    const background: Promise<void>[] = [];
    const since = clock.now();
    await consumeBatch({ queue: "prewarm-live", messages }, "urgent", deps, (work) => void background.push(work));
    expect([clock.now() - since, messages.map(({ fate }) => fate)]).toEqual([250, ["ack", "ack"]]);
    expect([ledger.requests[0]?.asks.length, ittybit.jobs.length]).toEqual([2, 0]);
    await Promise.all(background);
    expect(ittybit.jobs.map(({ order }) => order.metadata.key)).toEqual([KEY]);
    expect(ledger.requests.at(-1)).toMatchObject({ leave: true });
  });

  it("logs an error of a handler that goes on after its batch", async () => {
    const { clock, deps, logs } = batchWorld();
    deps.at = async (point) => {
      if (point === "before-leave") {
        await clock.sleep(1_000);
        throw new TypeError("a bug");
      }
    };
    const background: Promise<void>[] = [];
    const batch = { queue: "prewarm-live", messages: [message(missMessage(KEY, clock.now()))] };
    await consumeBatch(batch, "urgent", deps, (work) => void background.push(work));
    await Promise.all(background);
    expect(logs.filter((line) => line.startsWith("batch.failed"))).toHaveLength(1);
  });

  it("waits for a POST in flight, and reports its job", async () => {
    const { miss, ledger, ittybit, clock, deps } = batchWorld();
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        await clock.sleep(9_000);
        return ittybit.submit(order);
      },
    };
    await miss(KEY);
    expect(ledger.requests.at(-1)).toMatchObject({ leave: true, submitted: [{ job: "job_000001" }], settled: [] });
    expect(ledger.row(KEY)).toMatchObject({ owner: null, job: "job_000001" });
  });

  it("is acked once the ledger has recorded it, though the ledger answers no later call", async () => {
    const { miss, ledger, ittybit } = batchWorld();
    ledger.silent = () => ledger.requests.length > 0;
    expect((await miss(KEY)).map(({ fate }) => fate)).toEqual(["ack"]);
    expect(ittybit.jobs.length).toBeLessThanOrEqual(1);
  });

  it("clears an old marker before the handler is gone", async () => {
    const { shift, ledger, images, clock, deps } = batchWorld();
    await images.bucket.put("dead/photo/_", "{}");
    const remove = deps.images.delete;
    deps.images.delete = async (keys) => {
      await clock.sleep(200);
      return remove(keys);
    };
    ledger.add(KEY);
    await shift();
    expect([...images.objects.keys()].filter((key) => key.startsWith("dead/"))).toEqual([]);
    expect(images.objects.has(`variants/${KEY}`)).toBe(true);
  });

  it("closes the gate of all handlers at once when Ittybit answers 429", async () => {
    const { miss, ledger, ittybit, clock } = batchWorld();
    const since = clock.now();
    ittybit.refuse = () => ({ kind: "throttled", retryAfterMs: 7_000 });
    await miss(KEY);
    expect(ledger.engine.getGate().throttledUntil).toBe(since + 7_000);
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "throttled", until: since + 7_000 }]);
  });
});
