import { defineConfig } from "@prewarm/shared/config";
import { LANES } from "@prewarm/shared/job";
import { encodeId, storeKey } from "@prewarm/shared/variant-key";
import type { Handlers } from "../ledger/contract.ts";
import { LedgerCore } from "../ledger/ledger.ts";
import { nodeSql } from "../ledger/testing/node-sql.ts";
import type { BatchDeps } from "../making/batch-context.ts";
import { consumeBatch } from "../making/consume-batch.ts";
import type { CrashPoint } from "../making/crash-points.ts";
import { message, ORIGINALS, type TestMessage, wakeUp } from "./batch-world.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createFakeIttybit, OUTPUT_HOST } from "./fake-ittybit.ts";
import { createMemoryBucket } from "./memory-bucket.ts";
import { picture } from "./pictures.ts";

/** One handler's life. After its death nothing it still does reaches the world, as after the end of an isolate. */
interface Life {
  dead: boolean;
}

class Killed extends Error {}

/** Two variants of one original, one that is HTML, one that is purged while it is put, one whose job somebody else left behind. */
export const KEYS = {
  small: "a/400-high.webp",
  large: "a/800-high.webp",
  bad: "html/400-high.webp",
  purged: "p/400-high.webp",
  left: "o/400-high.webp",
};

/** Wraps every function of an object so that it does nothing once its handler is dead. */
function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (life.dead) throw new Killed("the handler is dead");
        return value.apply(object, args);
      };
    },
  });
}

/** The real ledger on SQLite and the real handler; time, web, Ittybit and R2 in memory. */
export function crashWorld(killAt: { point: CrashPoint; nth: number } | null) {
  const clock = createFakeClock();
  const config = defineConfig({ sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }] });
  const sql = nodeSql();
  const core = new LedgerCore(sql, { config, clock, ledgerId: "L1" });
  const ittybit = createFakeIttybit(clock);
  const images = createMemoryBucket();
  const passed = new Map<CrashPoint, number>();
  const queue: TestMessage[] = [];
  const delivered: TestMessage[] = [];
  let purging = false;
  let crashes = 0;

  const port: Handlers = {
    claim: async (owner, wakeUps) => core.claim(owner, wakeUps),
    renew: async (owner) => core.renew(owner),
    submitted: async (owner, jobs) => core.submitted(owner, jobs),
    settle: async (owner, outcomes) => core.settle(owner, outcomes),
    observeEnded: async (jobs) => void core.observeEnded(jobs),
    recordDead: async (messages) => core.recordDead(messages),
  };

  const web = (async (input: RequestInfo | URL) => {
    const url = String(input);
    if (url === `${ORIGINALS}/html`) return new Response("<!doctype html>");
    if (url.startsWith(ORIGINALS)) return new Response(await picture("jpeg", 1000, 500));
    const job = ittybit.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    const width = job?.order.options.width ?? 0;
    return new Response(await picture("webp", width, width / 2));
  }) as typeof fetch;

  /** Somebody made this job, waited, and handed it over; it has ended since. */
  async function leaveBehind(): Promise<void> {
    const { claims } = core.claim("other", [{ keys: [KEYS.left], live: false, at: clock.now() }]);
    const claim = claims[KEYS.left];
    if (claim?.do !== "run") throw new Error(`not run but ${claim?.do}`);
    const input = `${ORIGINALS}/o`;
    const order = { input, options: { width: 400, format: "webp", quality: "high" } as const };
    const metadata = { ledger: "L1", gen: String(claim.gen), key: KEYS.left, width: "400", height: "200" };
    const made = await ittybit.submit({ ...order, metadata, idempotencyKey: `pw-L1-${claim.gen}` });
    if (made.kind !== "made") throw new Error(made.kind);
    core.submitted("other", [{ key: KEYS.left, gen: claim.gen, job: made.job.id, input }]);
    core.settle("other", { [KEYS.left]: { kind: "pending", due: clock.now() + 300_000 } });
    clock.advance(5_000);
  }

  async function begin(): Promise<void> {
    core.accept({ run: null, lane: "upload", keys: Object.values(KEYS) });
    await images.bucket.put("dead/a/400-high.webp", "{}"); // an old marker, to be cleared
    await leaveBehind();
    queue.push(message("unreadable"));
  }

  function depsOf(life: Life): BatchDeps {
    const fetcher = ((...args: Parameters<typeof fetch>) => {
      if (life.dead) throw new Killed("the handler is dead");
      return web(...args);
    }) as typeof fetch;
    return {
      config,
      clock,
      sleep: (ms) => (life.dead ? Promise.reject(new Killed("the handler is dead")) : clock.sleep(ms)),
      ledger: mortal(port, life),
      ittybit: mortal(ittybit, life),
      images: mortal(images.bucket, life),
      originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: async () => null },
      fetch: fetcher,
      allowLoopbackHttp: false,
      newOwner: () => crypto.randomUUID(),
      log: () => undefined,
      async at(point, key) {
        if (life.dead) throw new Killed(point);
        if (point === "put" && key === KEYS.purged && !purging) {
          purging = true;
          core.purgeBegin("p");
        }
        const nth = (passed.get(point) ?? 0) + 1;
        passed.set(point, nth);
        if (killAt?.point !== point || killAt.nth !== nth) return;
        life.dead = true;
        crashes += 1;
        throw new Killed(point);
      },
    };
  }

  /** Delivers what is in the queue as one batch; what it does not ack comes again, as the platform does it. */
  async function deliver(): Promise<void> {
    const messages = queue.splice(0);
    if (messages.length === 0) return;
    delivered.push(...messages.filter((one) => !delivered.includes(one)));
    const life: Life = { dead: false };
    const mortals = messages.map((one) => mortal(one, life));
    await consumeBatch({ queue: "prewarm-work", messages: mortals }, depsOf(life)).catch((error) => {
      if (!(error instanceof Killed)) throw error; // the dead cannot ask for a retry either
    });
    for (const one of messages) {
      if (one.fate === "ack") continue;
      one.fate = "none";
      queue.push(one);
    }
  }

  async function purge(): Promise<void> {
    for (const task of core.purgesDue()) {
      for (const [key, object] of images.objects) {
        const mine = key.startsWith(storeKey(`${encodeId(task.id)}/`));
        if (mine && Number(object.customMetadata.gen) < task.floor) images.objects.delete(key);
      }
      core.purgeEnd(task);
    }
  }

  /** The alarm, until nothing is left to do: 40 minutes suffice for leases, grace, deadlines and a purge's second look. */
  async function settleDown(): Promise<void> {
    const end = clock.now() + 40 * 60_000;
    while (clock.now() < end) {
      core.sweep();
      for (const { keys, lane } of core.dispatch()) queue.push(message(wakeUp(keys, LANES[lane], clock.now())));
      await deliver();
      await purge();
      clock.advance(Math.min(60_000, Math.max(1_000, core.nextAlarm() - clock.now())));
    }
  }

  return { core, sql, ittybit, images, passed, delivered, queue, begin, settleDown, crashes: () => crashes };
}
