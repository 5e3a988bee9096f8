import { describe, expect, it } from "vitest";
import { batchWorld, message, wakeUp } from "../testing/batch-world.ts";

const KEY = "photo/400-high.webp";
const NOW = 1_800_000_000_000;

describe("consumeBatch", () => {
  it("makes a variant: recorded before waiting, stored with its metadata, acked last", async () => {
    const { consume, ledger, images, ittybit, deps } = batchWorld();
    const order: string[] = [];
    deps.at = async (point) => void order.push(point);
    const one = message(wakeUp([KEY]));
    await consume([one]);
    expect(one.fate).toBe("ack");
    expect(ledger.calls).toEqual(["claim", "submitted", "settle"]);
    expect(ledger.recorded).toEqual([
      { key: KEY, gen: 1001, ittybitJob: "job_000001", input: "https://cdn.example.com/originals/photo" },
    ]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 1001, tookMs: 300 });
    expect(ittybit.jobs[0]?.order).toEqual({
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
      idempotencyKey: "pw-L1-1001",
      metadata: { ledger: "L1", gen: "1001", key: KEY, width: "400", height: "200" },
    });
    const object = images.objects.get(`variants/${KEY}`);
    expect(object?.httpMetadata).toEqual({
      contentType: "image/webp",
      cacheControl: "public, max-age=31536000, immutable",
    });
    expect(object?.customMetadata).toMatchObject({ gen: "1001", job: "job_000001", width: "400", height: "200" });
    expect(order.indexOf("submitted")).toBeLessThan(order.indexOf("before-poll"));
    expect(order.slice(-3)).toEqual(["settled", "before-ack", "acked"]);
  });

  it("claims each key once, a viewer's newest message speaking for it", async () => {
    const { consume, ledger } = batchWorld();
    const messages = [
      wakeUp([KEY, "photo/800-high.webp"]),
      wakeUp([KEY], "live", NOW - 5),
      wakeUp([KEY, KEY], "live", NOW - 1),
    ];
    await consume(messages.map((body) => message(body)));
    expect(ledger.claimed).toEqual([
      [
        { keys: [KEY], live: true, at: NOW - 1 },
        { keys: ["photo/800-high.webp"], live: false, at: NOW },
      ],
    ]);
  });

  it("needs few calls for a hundred variants: one claim, one probe, few looks, two settles at most", async () => {
    const { consume, ledger, ittybit, fetched } = batchWorld();
    const keys = Array.from({ length: 100 }, (_, index) => `photo/${100 + index}-high.webp`);
    const messages = Array.from({ length: 5 }, (_, at) => message(wakeUp(keys.slice(at * 20, at * 20 + 20))));
    await consume(messages);
    expect([...ledger.outcomes.values()].map(({ kind }) => kind)).toEqual(keys.map(() => "stored"));
    expect(fetched.filter(({ url }) => url.includes("/originals/"))).toHaveLength(1);
    expect(ittybit.calls.filter((call) => call.startsWith("submit"))).toHaveLength(100);
    expect(ittybit.calls.length).toBeLessThanOrEqual(103);
    expect(ledger.calls.filter((call) => call !== "settle")).toEqual(["claim", "submitted"]);
    expect(ledger.calls.length).toBeLessThanOrEqual(4);
    expect(messages.every(({ fate }) => fate === "ack")).toBe(true);
  });

  it("never has more than six calls under way", async () => {
    const { consume, deps, ittybit } = batchWorld();
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
    await consume([message(wakeUp(Array.from({ length: 20 }, (_, index) => `photo/${100 + index}-high.webp`)))]);
    expect(most).toBe(6);
  });

  it("does nothing but ack for what is parked, duplicate, done or dropped", async () => {
    const { consume, ledger, images } = batchWorld();
    const answers = [
      { do: "parked", until: 1 },
      { do: "duplicate" },
      { do: "done" },
      { do: "drop", reason: "dead" },
    ] as const;
    const keys = answers.map((claim, index) => {
      ledger.claims.set(`photo/${index + 1}-high.webp`, claim);
      return `photo/${index + 1}-high.webp`;
    });
    const one = message(wakeUp(keys));
    await consume([one]);
    expect(one.fate).toBe("ack");
    expect(ledger.calls).toEqual(["claim"]);
    expect(images.calls).toEqual([]);
  });

  it("records an unreadable message with its body and reason, without harm to its mates", async () => {
    const { consume, ledger } = batchWorld();
    const bad = message({ v: 1, keys: ["../../etc/passwd"], lane: "live", at: 1 }, 3);
    const good = message(wakeUp([KEY]));
    await consume([bad, good], { queue: "prewarm-live" });
    expect([bad.fate, good.fate]).toEqual(["ack", "ack"]);
    expect(ledger.dead).toEqual([
      expect.objectContaining({
        queue: "prewarm-live",
        messageId: bad.id,
        attempts: 3,
        reason: expect.stringContaining("not a variant key"),
      }),
    ]);
    expect(JSON.parse(ledger.dead[0]?.body ?? "")).toEqual(bad.body);
    expect(ledger.outcomes.get(KEY)?.kind).toBe("stored");
  });

  it("leaves a message of a newer version for newer code, later and later", async () => {
    const { consume, ledger } = batchWorld();
    const messages = [1, 2, 10].map((attempts) => message({ v: 2, anything: true }, attempts));
    await consume(messages);
    expect(messages.map(({ fate }) => fate)).toEqual(["retry 600", "retry 1200", "retry 43200"]);
    expect(ledger.calls).toEqual([]);
  });

  it("brings the messages back when the ledger does not answer, and asks it for about ten seconds before", async () => {
    const { consume, ledger, ittybit, clock } = batchWorld();
    const since = clock.now();
    ledger.silent = () => true;
    const messages = [message(wakeUp([KEY])), message("unreadable")];
    await consume(messages);
    expect(messages.map(({ fate }) => fate)).toEqual(["retry 10", "retry 10"]);
    expect(new Set(ledger.calls)).toEqual(new Set(["recordDead"]));
    expect(ledger.calls.length).toBeGreaterThan(5);
    expect(clock.now() - since).toBeGreaterThan(8_000);
    expect(clock.now() - since).toBeLessThanOrEqual(10_000);
    expect(ittybit.calls).toEqual([]);
  });

  it("claims again with the same owner when the answer was lost", async () => {
    const { consume, ledger } = batchWorld();
    let lost = 1;
    ledger.silent = (call) => call === "claim" && lost-- > 0;
    const one = message(wakeUp([KEY]));
    await consume([one]);
    expect(one.fate).toBe("ack");
    expect(ledger.calls.slice(0, 2)).toEqual(["claim", "claim"]);
  });

  it.each(["submitted", "settle"])(
    "brings the message back, storing nothing unrecorded, when %s is not answered",
    async (call) => {
      const { consume, ledger, images } = batchWorld();
      ledger.silent = (name) => name === call;
      const one = message(wakeUp([KEY]));
      await consume([one]);
      expect(one.fate).toBe("retry 10");
      expect(images.objects.has(`variants/${KEY}`)).toBe(call === "settle");
    },
  );

  it("settles a bug in one key's handling as an attempt of that key alone", async () => {
    const { consume, ledger, deps } = batchWorld();
    deps.at = async (point, key) => {
      if (point === "probed" && key === KEY) throw new TypeError("undefined is not a function");
    };
    const one = message(wakeUp([KEY, "photo/800-high.webp"]));
    await consume([one]);
    expect(one.fate).toBe("ack");
    expect(ledger.outcomes.get(KEY)).toEqual({
      kind: "unclear",
      failure: { code: "internal", message: "TypeError: undefined is not a function" },
    });
    expect(ledger.outcomes.get("photo/800-high.webp")?.kind).toBe("stored");
  });
});
