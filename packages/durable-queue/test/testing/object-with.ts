import { vi } from "vitest";
import { slotsTaken } from "../../src/admission/slots.ts";
import { type Call, JobQueue, type JobQueueOptions, type NewJob, type Result, type RunCall } from "../../src/client.ts";
import { nodeSql } from "../../src/testing/node-sql.ts";
import { LANES } from "../../src/testing/queue-config.ts";

export const LIMITS: JobQueueOptions = {
  concurrency: 10,
  ratePerSecond: 100,
  burst: 20,
  callMs: 20_000,
  maxAttempts: 4,
  lanes: LANES,
};
export const FAILURE = { code: "http_500", message: "the receiver answers 500" };

const TIMER_MAX_MS = 2 ** 31 - 1;

/** An object with a queue and its runners, over a database that survives its resets. Time is vitest's. */
export function objectWith(run: RunCall, options: Partial<JobQueueOptions> = {}) {
  const sql = nodeSql();
  const logs: string[] = [];
  const calls: (Call & { key: string })[] = [];
  let running = 0;
  let most = 0;
  let names = 0;
  let alarm: ReturnType<typeof setTimeout> | null = null;
  let alarmAt: number | null = null;

  /** A timer of Node counts to 24 days. */
  const wait = (at: number): void => {
    const left = at - Date.now();
    alarm = setTimeout(() => (left > TIMER_MAX_MS ? wait(at) : ring()), Math.min(left, TIMER_MAX_MS));
  };
  const ring = () => {
    [alarm, alarmAt] = [null, null];
    world.alarms += 1;
    void world.queue.alarm();
  };

  const open = () => {
    let isDead = false;
    const alive = () => {
      if (isDead) throw new Error("the object was reset");
    };
    const storage = {
      getAlarm: async () => alarmAt,
      setAlarm: async (at: number) => {
        alive();
        if (alarm !== null) clearTimeout(alarm);
        alarmAt = at;
        wait(at);
      },
      deleteAlarm: async () => {
        if (alarm !== null) clearTimeout(alarm);
        [alarm, alarmAt] = [null, null];
      },
    };
    const guarded = {
      ...sql,
      get bytes() {
        return world.bytes;
      },
      exec(...args: Parameters<typeof sql.exec>) {
        alive();
        return sql.exec(...args);
      },
    };
    const counted: RunCall = async (call) => {
      alive();
      calls.push({ ...call, key: `${call.group}/${call.part}` });
      running += 1;
      most = Math.max(most, running);
      try {
        return await run(call);
      } finally {
        running -= 1;
      }
    };
    const deps = {
      clock: { now: () => Date.now(), random: () => 0.5 },
      log: (event: string, fields?: object) => void logs.push(`${event} ${JSON.stringify(fields)}`),
      sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
      newId: () => `name${++names}-`,
    };
    const host = { storage, waitUntil: () => undefined };
    const queue = new JobQueue(guarded, host, { options: { ...LIMITS, ...options }, run: counted }, deps);
    const kill = () => {
      isDead = true;
    };
    return { queue, kill };
  };
  const opened = open();
  const world = {
    queue: opened.queue,
    kill: opened.kill,
    sql,
    logs,
    calls,
    alarms: 0,
    bytes: 0,
    get most() {
      return most;
    },
    /** The platform loses the alarm: it stays set and never fires. */
    loseAlarm() {
      if (alarm !== null) clearTimeout(alarm);
    },
    async reset() {
      world.kill();
      Object.assign(world, open());
      await world.queue.begin();
    },
    keysOf: (key: string) => calls.filter((call) => call.key === key).map(({ idempotencyKey }) => idempotencyKey),
    slots: () => world.queue.transactions.read(slotsTaken).used,
    counts: () =>
      Object.fromEntries(world.queue.transactions.read((tx) => tx.counts.map(({ state, n }) => [state, n]))),
  };
  return world;
}

/** A job by its group and part, as `r/1`. */
export const job = (key: string, more: Omit<NewJob, "group" | "part"> = {}): NewJob => {
  const [group = "", part = ""] = key.split("/");
  return { group, part, ...more };
};
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const hangs = ({ signal }: { signal: AbortSignal }): Promise<Result> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
export const inTurn =
  (...results: (Result | RunCall)[]): RunCall =>
  (call) => {
    const next = results.shift() ?? { kind: "done" };
    return typeof next === "function" ? next(call) : Promise.resolve(next);
  };
export const openJobs = (world: ReturnType<typeof objectWith>) =>
  world.sql.exec("SELECT count(*) AS n FROM jobs WHERE due IS NOT NULL")[0]?.n;
