import type { Assignment } from "@prewarm/durable-queue";
import { parseInfo } from "@prewarm/shared/image-info";
import { describe, expect, it } from "vitest";
import type { ExchangeRequest } from "../ledger/calls.ts";
import { batchWorld } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `photo/${100 + index}-high.webp`);

const inHand = ({ have, room }: ExchangeRequest) => have.filter(({ phase }) => phase !== "watch").length + room;

describe("a worker's shift", () => {
  it("makes a variant: stands by, goes, finishes, stores it with its metadata, and acks last", async () => {
    const { shift, ledger, images, ittybit, deps } = batchWorld();
    const order: string[] = [];
    deps.at = async (point) => void order.push(point);
    const { gen, id } = ledger.add(KEY);
    const one = await shift();
    expect(one.fate).toBe("ack");
    expect(ledger.submitted).toMatchObject([{ id, gen, job: "job_000001" }]);
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "stored", tookMs: 300 });
    expect(ittybit.jobs[0]?.order).toEqual({
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
      idempotencyKey: `pw-L1-${gen}`,
      metadata: { ledger: "L1", gen: String(gen), key: KEY, width: "400", height: "200" },
      again: false,
    });
    const object = images.objects.get(`variants/${KEY}`);
    expect(object?.httpMetadata).toEqual({
      contentType: "image/webp",
      cacheControl: "public, max-age=31536000, immutable",
    });
    expect(object?.customMetadata).toMatchObject({ gen: String(gen), job: "job_000001", width: "400", height: "200" });
    expect(order.slice(-4)).toEqual(["markers-cleared", "left", "before-ack", "acked"]);
    expect(ledger.alive).toEqual([]);
  });

  it("leaves when the ledger has no more for it", async () => {
    const { shift, ledger, clock } = batchWorld();
    const since = clock.now();
    await shift();
    expect(ledger.requests.map(({ first, seq, leave, room }) => ({ first, seq, leave, room }))).toEqual([
      { first: true, seq: 1, leave: false, room: 40 },
      { first: false, seq: 2, leave: true, room: 0 },
    ]);
    expect(clock.now() - since).toBe(0);
  });

  it("takes more work while jobs run", async () => {
    const { shift, ledger, ittybit } = batchWorld();
    ittybit.plan = () => ({ ms: 5_000 });
    const keys = keysOf(60);
    for (const key of keys) ledger.add(key);
    await shift();
    expect(ledger.kinds()).toEqual(keys.map(() => "stored"));
    const [first] = ittybit.jobs;
    const beforeFirstEnd = ittybit.jobs.filter(({ createdAt }) => createdAt < (first?.endsAt ?? 0));
    // A job that runs at Ittybit is in its hands, and takes none of the 40 places. Of 50 slots bulk leaves one to
    // viewers.
    expect(beforeFirstEnd.length).toBe(49);
  });

  it("never holds more than 40 jobs beside those that run at Ittybit", async () => {
    const { shift, ledger } = batchWorld();
    for (const key of keysOf(100)) ledger.add(key);
    await shift();
    expect(Math.max(...ledger.requests.map(inHand))).toBe(40);
    expect(ledger.kinds()).toHaveLength(100);
  });

  it("calls as soon as a call's worth is ready and most of its POSTs have ended, if the handler is the bound", async () => {
    const untilTenthCall = async (concurrency: number): Promise<number> => {
      const { shift, ledger, ittybit, clock } = batchWorld({ gate: { concurrency } });
      ittybit.plan = () => ({ ms: 90_000 });
      ledger.order({ keys: keysOf(200) });
      const calledAt: number[] = [];
      ledger.before = () => calledAt.push(clock.now());
      await shift();
      return (calledAt[10] ?? 0) - (calledAt[0] ?? 0);
    };
    expect(await untilTenthCall(1_000)).toBeLessThan(1_000);
    // No slot is free: the ledger asks for a call each 300 ms.
    expect(await untilTenthCall(2)).toBeGreaterThan(2_500);
  });

  it("takes no job in the last 1.5 s of its shift, and then leaves running jobs to others", async () => {
    const { shift, ledger, ittybit, clock, web } = batchWorld();
    ittybit.plan = () => ({ ms: 90_000 });
    ledger.add(KEY);
    const since = clock.now();
    // Something is under way all the time: the original of another variant answers late.
    web.set("https://cdn.example.com/originals/slow", async () => {
      await clock.sleep(60_000);
      return new Response("");
    });
    ledger.addLeft("slow/400-high.webp");
    let addedAt = 0;
    ledger.before = () => {
      if (addedAt === 0 && clock.now() - since >= 43_700) {
        addedAt = clock.now();
        ledger.add("late/400-high.webp");
      }
    };
    await shift();
    expect(addedAt).toBeGreaterThan(0);
    expect(ledger.requests.filter(({ room }) => room === 0).length).toBeGreaterThan(3);
    expect(clock.now() - since).toBeGreaterThanOrEqual(44_900);
    expect(clock.now() - since).toBeLessThanOrEqual(45_100);
    expect(ledger.row("late/400-high.webp")).toMatchObject({ owner: null, granted: false });
    expect(ledger.row(KEY)).toMatchObject({ owner: null, granted: true, job: "job_000001" });
    expect(ittybit.jobs).toHaveLength(1);
  });

  it("is 30 to 60 s long, at random, so that workers that started together do not stop together", async () => {
    const shifts: number[] = [];
    for (const random of [0, 0.999]) {
      const { shift, ledger, ittybit, clock } = batchWorld();
      clock.random = () => random;
      ittybit.plan = () => ({ ms: 90_000 });
      ledger.add(KEY);
      const since = clock.now();
      await shift();
      shifts.push(clock.now() - since);
    }
    // Nothing is under way when it begins to drain, at its first call in the last 1.5 s.
    for (const [at, least] of [28_500, 58_500].entries()) {
      expect(shifts[at]).toBeGreaterThanOrEqual(least);
      expect(shifts[at]).toBeLessThan(least + 300);
    }
  });

  it("does nothing more once it has left", async () => {
    const { shift, ledger, images, ittybit, clock, deps } = batchWorld();
    ledger.addLeft(KEY, { job: "job_000001" });
    await ittybit.submit({
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
      idempotencyKey: "k",
      metadata: {},
    });
    await clock.sleep(3_000);
    const { head } = deps.images;
    deps.images.head = async (key) => {
      await clock.sleep(60_000);
      return head(key);
    };
    const since = clock.now();
    await shift();
    expect(images.calls).toEqual([]);
    expect(clock.now() - since).toBeGreaterThanOrEqual(44_900);
    expect(clock.now() - since).toBeLessThanOrEqual(45_100);
    expect(ledger.row(KEY)).toMatchObject({ owner: null, granted: true, dueAt: 0 });
    await clock.sleep(60_000);
    expect(images.objects.size).toBe(0);
  });

  it("ends when the ledger asks for it, with room 0, after its running steps", async () => {
    const { shift, ledger, clock, ittybit } = batchWorld({
      gate: { concurrency: 1_000, ratePerSecond: 20, burst: 20 },
    });
    const older = ledger.another();
    older({ room: 40 });
    clock.advance(1);
    const since = clock.now();
    ledger.order({ keys: keysOf(40) });
    // The rate needs three workers at first, and one from the third call on: the older one stays.
    ledger.before = () => {
      if (ledger.requests.length === 2) ledger.engine.patchGate({ rate: 1 }, "test");
    };
    await shift();
    expect(ledger.requests.slice(0, 3).map(({ room }) => room > 0)).toEqual([true, true, true]);
    expect(ledger.requests.length).toBeGreaterThan(3);
    expect(ledger.requests.slice(3).every(({ room }) => room === 0)).toBe(true);
    expect(clock.now() - since).toBeLessThanOrEqual(1_500 + 3 * 450);
    expect(ittybit.jobs.length).toBeGreaterThan(0);
    expect(ledger.submitted.map(({ job }) => job)).toEqual(ittybit.jobs.map(({ id }) => id));
    expect(ledger.alive).toEqual(["other1"]);
  });

  it("reports no job as ready while it drains, so that none of them gets a slot", async () => {
    const { shift, ledger, clock, web } = batchWorld();
    const opensAt = clock.now() + 43_800;
    // Something is under way to the end: an original that does not answer.
    web.set("https://cdn.example.com/originals/slow", async () => {
      await clock.sleep(60_000);
      return new Response("");
    });
    ledger.addLeft("slow/400-high.webp");
    ledger.before = () => {
      if (ledger.requests.length !== 1) return;
      ledger.see({ throttledUntil: opensAt });
      ledger.add(KEY);
    };
    await shift();
    const draining = ledger.requests.filter(({ room, leave }) => room === 0 && !leave);
    expect(draining.length).toBeGreaterThan(3);
    expect(draining.at(-1)?.have).toMatchObject([{ phase: "admitted" }, { phase: "standby" }]);
    expect(ledger.requests.find(({ have }) => have.length === 2)?.have).toMatchObject([{}, { phase: "ready" }]);
    expect(clock.now()).toBeGreaterThan(opensAt);
    expect(ledger.row(KEY)).toMatchObject({ owner: null, granted: false });
  });

  it("waits for the time of its token before the POST", async () => {
    const { shift, ledger, ittybit } = batchWorld({ gate: { ratePerSecond: 4, burst: 1 } });
    // The bucket has one token: the other exists 250 ms later, and is given ahead.
    for (const key of keysOf(2)) ledger.add(key);
    await shift();
    const [one, other] = ittybit.jobs.map(({ createdAt }) => createdAt);
    expect((other ?? 0) - (one ?? 0)).toBe(250);
  });

  it("tells the job's id with the call after the POST", async () => {
    const { shift, ledger, ittybit } = batchWorld();
    ittybit.plan = () => ({ ms: 3_000 });
    ledger.add(KEY);
    await shift();
    const told = ledger.requests.findIndex(({ submitted }) => submitted.length > 0);
    expect(ledger.requests[told]?.have).toMatchObject([{ phase: "watch" }]);
    expect(ledger.requests[told - 1]?.have).toMatchObject([{ phase: "ready" }]);
  });

  it("leaves before the platform's limit of subrequests", async () => {
    const { shift, ledger, ittybit, deps, logs } = batchWorld({ gate: { concurrency: 1_000 } });
    ittybit.plan = () => ({ ms: 1 });
    let made = 0;
    const counted = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (object, name) => {
          made += 1;
          return Reflect.get(object, name);
        },
      });
    Object.assign(deps, { images: counted(deps.images), ittybit: counted(deps.ittybit), ledger: counted(deps.ledger) });
    const { fetch } = deps;
    const fetcher: typeof fetch = (...args) => {
      made += 1;
      return fetch(...args);
    };
    Object.assign(deps, { fetch: fetcher, originals: { ...deps.originals, fetch: fetcher } });
    for (let chunk = 0; chunk < 3; chunk += 1)
      ledger.order({ keys: Array.from({ length: 1_000 }, (_, n) => `p${1_000 * chunk + n}/100-high.webp`) });
    await shift();
    expect(made).toBeGreaterThan(8_000);
    expect(made).toBeLessThan(10_000);
    expect(logs.at(-1)).toContain(`"calls":${made}`);
    expect(ledger.requests.at(-1)?.leave).toBe(true);
  });

  it("sends one head for a variant from its preparation to its note", async () => {
    const { shift, ledger, images } = batchWorld();
    ledger.add(KEY);
    await shift();
    expect(images.calls.filter((call) => call === `head variants/${KEY}`)).toHaveLength(1);
  });

  it("writes the note of an image once, with its last variant, however far apart they end", async () => {
    const world = batchWorld();
    world.ittybit.plan = ({ options }) => ({ ms: 10 * (options.width ?? 0) });
    for (const width of [100, 200, 300, 400]) world.ledger.add(`photo/${width}-high.webp`);
    world.ledger.add("cat/100-high.webp");
    await world.shift();
    expect(world.images.calls.filter((call) => call.startsWith("put info/"))).toEqual([
      "put info/cat/_",
      "put info/photo/_",
    ]);
    const info = parseInfo(new TextDecoder().decode(world.images.objects.get("info/photo/_")?.bytes));
    expect(info?.stored).toEqual({ webp: [100, 200, 300, 400] });
  });

  it("writes the notes of its images when it leaves, though other handlers go on with them", async () => {
    const world = batchWorld();
    world.ittybit.plan = ({ options }) => ({ ms: options.width === 100 ? 100 : 300_000 });
    for (const width of [100, 200]) world.ledger.add(`photo/${width}-high.webp`);
    await world.shift();
    const info = parseInfo(new TextDecoder().decode(world.images.objects.get("info/photo/_")?.bytes));
    expect(info?.stored).toEqual({ webp: [100] });
  });

  it("writes one line a batch, and none a variant", async () => {
    const { shift, ledger, logs } = batchWorld();
    for (const key of keysOf(20)) ledger.add(key);
    await shift();
    expect(logs).toHaveLength(1);
    expect(logs[0]).toMatch(/^batch\.done .*"posted":20,"outcomes":\{"stored":20\}/);
  });
});

describe("a lease", () => {
  it("that is lost stops the handler: it posts, puts and settles no more", async () => {
    const { shift, ledger, ittybit, images, clock, deps } = batchWorld({ gate: { concurrency: 12 } });
    for (const key of keysOf(40)) ledger.add(key);
    let made: number | null = null;
    deps.at = async (point) => {
      if (point !== "downloaded") return;
      ledger.endLeases();
      // Until its next call the handler does not know. POSTs of this moment are under way.
      await clock.sleep(300);
      made ??= ittybit.jobs.length;
    };
    await shift();
    await clock.sleep(60_000);
    // Not all have a slot at once: others would be posted yet.
    expect(made).toBeLessThan(40);
    expect(ittybit.jobs).toHaveLength(made ?? 0);
    expect(images.calls.filter((call) => call.startsWith("put"))).toEqual([]);
    expect(ledger.outcomes.size).toBe(0);
    expect(ledger.requests.at(-1)?.leave).toBe(false);
  });

  it("that is lost during a POST lets the handler report the job that was made, and no more", async () => {
    const { shift, ledger, ittybit, clock, deps } = batchWorld();
    const { id, gen } = ledger.add(KEY);
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        ledger.endLeases();
        await clock.sleep(700);
        return ittybit.submit(order);
      },
    };
    await shift();
    expect(ledger.submitted).toMatchObject([{ id, gen, job: "job_000001" }]);
    expect(ledger.requests.at(-1)).toMatchObject({ have: [], settled: [], leave: true });
    expect(ledger.row(KEY)).toMatchObject({ owner: null, job: "job_000001" });
  });

  it("of less than 30 s lets no POST out", async () => {
    const { shift, ledger, ittybit, clock, deps } = batchWorld();
    ledger.add(KEY);
    let stalls = 1;
    deps.at = async (point) => {
      if (point === "before-post" && stalls-- > 0) clock.advance(30_001);
    };
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toEqual({ kind: "unposted" });
    expect(ittybit.jobs.every(({ createdAt }) => createdAt > 1_800_000_030_000)).toBe(true);
  });

  it("of less than 30 s lets no put out", async () => {
    const { shift, ledger, images, clock, deps } = batchWorld();
    ledger.add(KEY);
    let stalls = 1;
    deps.at = async (point) => {
      if (point === "before-put" && stalls-- > 0) clock.advance(30_001);
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "pending" }, { kind: "stored" }]);
    expect(images.calls.filter((call) => call.startsWith("put variants/"))).toHaveLength(1);
  });

  it("counts from before the call that gave it", async () => {
    const { shift, ledger, ittybit, clock, deps } = batchWorld();
    ledger.add(KEY);
    const { ledger: client } = deps;
    let slow = 0;
    deps.ledger = {
      ...client,
      exchange: async (request) => {
        const answer = await client.exchange(request);
        // The answer that says go is on its way for 31 s; no further call renews the lease meanwhile.
        if (answer.status === "ok" && answer.give.some(({ phase }) => phase === "admitted") && slow++ === 0)
          clock.advance(31_000);
        return answer;
      },
    };
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toEqual({ kind: "unposted" });
    expect(ittybit.jobs.length).toBeLessThanOrEqual(1);
  });
});

describe("a ledger that does not answer", () => {
  it("gets the same reports again when its answer was lost, and gives the same answer: one job", async () => {
    const { shift, ledger, ittybit } = batchWorld();
    ledger.add(KEY);
    let calls = 0;
    ledger.mute = () => ++calls % 2 === 1;
    await shift();
    expect(ittybit.jobs).toHaveLength(1);
    expect(ledger.lastOutcome(KEY)?.kind).toBe("stored");
  });

  it("may assign a job twice: one POST", async () => {
    const { shift, ledger, ittybit, clock, deps } = batchWorld();
    ledger.add(KEY);
    const { ledger: client } = deps;
    let told: Assignment[] = [];
    deps.ledger = {
      ...client,
      exchange: async (request) => {
        const answer = await client.exchange(request);
        if (answer.status !== "ok" || request.leave) return answer;
        const give = [...answer.give, ...told];
        told = answer.give;
        return { ...answer, give };
      },
    };
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        await clock.sleep(250);
        return ittybit.submit(order);
      },
    };
    await shift();
    expect(ittybit.calls).toHaveLength(1);
    expect(ledger.lastOutcome(KEY)?.kind).toBe("stored");
  });

  it("and restarts has forgotten the id of the running job: the handler reports it again, and there is one job", async () => {
    const { shift, ledger, ittybit, images } = batchWorld();
    ittybit.plan = () => ({ ms: 2_000 });
    const { id, gen } = ledger.add(KEY);
    let starts = 1;
    ledger.before = () => {
      if (ledger.submitted.length === 1 && starts-- > 0) ledger.restart();
    };
    await shift();
    const told = { id, gen, job: "job_000001" };
    expect(ledger.submitted).toMatchObject([told, told]);
    expect(ittybit.calls.filter((call) => call.startsWith("submit"))).toHaveLength(1);
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata.job).toBe("job_000001");
  });

  it("ends the shift of a worker, and the wake-up is acked, because the ledger sends others", async () => {
    const { shift, ledger, clock, ittybit } = batchWorld();
    const since = clock.now();
    ledger.silent = () => true;
    expect((await shift()).fate).toBe("ack");
    expect(clock.now() - since).toBeGreaterThan(8_000);
    expect(clock.now() - since).toBeLessThanOrEqual(10_000);
    expect(ittybit.calls).toEqual([]);
  });

  it("brings back misses that it has not recorded", async () => {
    const { miss, ledger } = batchWorld();
    ledger.silent = () => true;
    expect((await miss(KEY)).map(({ fate }) => fate)).toEqual(["retry 10"]);
  });

  it("after ten seconds of silence nothing more is put", async () => {
    const { shift, ledger, images, deps, clock } = batchWorld();
    ledger.add(KEY);
    deps.at = async (point) => {
      if (point !== "before-put") return;
      ledger.silent = () => true;
      await clock.sleep(15_000);
    };
    expect((await shift()).fate).toBe("ack");
    await clock.sleep(20_000);
    expect(images.objects.size).toBe(0);
  });
});

it("settles a key that is no variant key once, as failed", async () => {
  const { shift, ledger } = batchWorld();
  ledger.add("../../etc/passwd");
  await shift();
  expect(ledger.outcomes.get("../../etc/passwd")).toMatchObject([
    { kind: "failed", class: "permanent", failure: { code: "key_unreadable" }, external: "none" },
  ]);
});

describe("what the ledger stops", () => {
  it("is settled as unposted if no POST was sent", async () => {
    const { shift, ledger, ittybit, clock } = batchWorld();
    ledger.add(KEY);
    ledger.before = () => {
      if (ledger.requests.length === 1) ledger.see({ throttledUntil: clock.now() + 20_000 });
      if (ledger.requests.length === 3) ledger.cancel(KEY);
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "unposted" }]);
    expect(ittybit.calls).toEqual([]);
  });

  it("is settled as stopped if its job runs", async () => {
    const { shift, ledger, ittybit, images } = batchWorld();
    ittybit.plan = () => ({ ms: 5_000 });
    ledger.add(KEY);
    ledger.before = () => {
      const row = ledger.row(KEY);
      if (row?.owner != null && row.job !== null) ledger.cancel(KEY);
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "stopped" }]);
    expect(images.objects.size).toBe(0);
  });

  it("during its POST is settled after the POST, with the job that was made", async () => {
    const { shift, ledger, ittybit, clock, deps } = batchWorld();
    ledger.add(KEY);
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        ledger.cancel(KEY);
        await clock.sleep(700);
        return ittybit.submit(order);
      },
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "stopped" }]);
    const told = ledger.requests.find(({ settled }) => settled.length > 0);
    expect(told?.submitted).toHaveLength(1);
  });

  it("before its put is not put", async () => {
    const { shift, ledger, images, clock, deps } = batchWorld();
    ledger.add(KEY);
    deps.at = async (point) => {
      if (point !== "downloaded") return;
      ledger.cancel(KEY);
      await clock.sleep(300);
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "stopped" }]);
    expect(images.objects.size).toBe(0);
  });

  it("while its result is being fetched is settled once, and no result is put", async () => {
    const { shift, ledger, images, clock, deps, ittybit } = batchWorld();
    const row = ledger.addLeft(KEY, { job: "job_000001" });
    await ittybit.submit({
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
      idempotencyKey: "k",
      metadata: {},
    });
    clock.advance(1_000);
    const { head } = deps.images;
    deps.images.head = async (key) => {
      ledger.cancel(KEY);
      await clock.sleep(500);
      return head(key);
    };
    await shift();
    await clock.sleep(1_000);
    expect(ledger.requests.flatMap(({ settled }) => settled)).toEqual([
      { id: row.id, gen: row.gen, outcome: { kind: "stopped" } },
    ]);
    expect(images.objects.size).toBe(0);
  });

  it("while its marker is being written is settled once", async () => {
    const { shift, ledger, web, clock, deps } = batchWorld();
    web.set("https://cdn.example.com/originals/photo", () => new Response("<!doctype html><title>No</title>"));
    const row = ledger.add(KEY);
    const { put } = deps.images;
    deps.images.put = (async (...args: Parameters<typeof put>) => {
      ledger.cancel(KEY);
      await clock.sleep(300);
      return put(...args);
    }) as typeof put;
    await shift();
    const { id, gen } = row;
    expect(ledger.requests.flatMap(({ settled }) => settled)).toEqual([{ id, gen, outcome: { kind: "unposted" } }]);
  });

  it("because it has a newer generation is given back, and the newer generation is made", async () => {
    const { shift, ledger, ittybit, clock } = batchWorld();
    const { id, gen } = ledger.add(KEY);
    let newer = 0;
    ledger.before = () => {
      if (ledger.requests.length === 1) ledger.see({ throttledUntil: clock.now() + 2_000 });
      if (ledger.requests.length === 3) newer = ledger.add(KEY, { force: true }).gen;
    };
    await shift();
    expect(ledger.requests.flatMap(({ settled }) => settled)).toEqual([{ id, gen, outcome: { kind: "unposted" } }]);
    clock.advance(2_000);
    await shift();
    expect(newer).toBeGreaterThan(gen);
    expect(ittybit.jobs.map(({ order }) => order.metadata.gen)).toEqual([String(newer)]);
    expect(ledger.lastOutcome(KEY)?.kind).toBe("stored");
  });

  it("and is not known to the handler is settled as stopped", async () => {
    const { shift, ledger, deps } = batchWorld();
    const { ledger: client } = deps;
    let calls = 0;
    deps.ledger = {
      ...client,
      exchange: async (request) => {
        const answer = await client.exchange(request);
        calls += 1;
        return answer.status === "ok" && calls === 1 ? { ...answer, stop: [{ id: 9, gen: 9 }] } : answer;
      },
    };
    await shift();
    expect(ledger.requests[1]?.settled).toEqual([{ id: 9, gen: 9, outcome: { kind: "stopped" } }]);
  });
});

describe("a fault of our own", () => {
  it("in one job fails that job alone, keeps its generation, and is logged", async () => {
    const { shift, ledger, deps, logs, images } = batchWorld();
    let faults = 1;
    deps.at = async (point, key) => {
      if (point === "probed" && key === KEY && faults-- > 0) throw new TypeError("undefined is not a function");
    };
    const { gen } = ledger.add(KEY);
    ledger.add("photo/800-high.webp");
    await shift();
    const failure = { code: "internal", message: "TypeError: undefined is not a function" };
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "fault", failure }, { kind: "stored" }]);
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata.gen).toBe(String(gen));
    expect(ledger.lastOutcome("photo/800-high.webp")?.kind).toBe("stored");
    expect(logs.filter((line) => line.startsWith("job.unexpected"))).toHaveLength(1);
  });

  it("that comes each time makes the job a dead letter, with its marker", async () => {
    const { shift, ledger, deps, images, ittybit } = batchWorld({ limits: { maxAttempts: 1 } });
    deps.at = async (point) => {
      if (point === "downloaded") throw new TypeError("undefined is not a function");
    };
    ledger.add(KEY);
    await shift();
    expect(JSON.parse(new TextDecoder().decode(images.objects.get(`dead/${KEY}`)?.bytes))).toMatchObject({
      code: "internal",
    });
    expect(ittybit.jobs).toHaveLength(1);
  });

  it("of R2, before a POST or at the end, is no attempt", async () => {
    for (const failing of ["head variants", "put variants"]) {
      const { shift, ledger, images } = batchWorld();
      images.fails = (call) => call.startsWith(failing);
      ledger.add(KEY);
      await shift();
      expect(ledger.lastOutcome(KEY)?.kind, failing).toBe("pending");
      expect(ledger.row(KEY)?.attempts, failing).toBe(0);
    }
  });

  it("a call of R2 that hangs does not keep the handler", async () => {
    const { shift, ledger, clock, deps } = batchWorld();
    const since = clock.now();
    deps.images = { ...deps.images, put: () => new Promise<never>(() => undefined) };
    ledger.add(KEY);
    expect((await shift()).fate).toBe("ack");
    expect(clock.now() - since).toBeLessThan(65_000);
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "pending" });
    expect(ledger.alive).toEqual([]);
  });
});
