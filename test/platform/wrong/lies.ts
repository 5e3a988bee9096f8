import type { MessageOrder } from "../worker/message.ts";
import type { Platform } from "../worker/platform.ts";

/*
 * A platform that is wrong on purpose, in one way for each check: the honesty test (honesty.e2e.test.ts) demands that the check tells it.
 * A lie has the name of the assumption that it breaks.
 */

type Storage = DurableObjectStorage;
type Lies<T> = Readonly<Record<string, (real: T) => Partial<T>>>;

const LATER_MS = 600_000;

/** Lies of the object's storage. */
export const STORAGE_LIES: Lies<Storage> = {
  "alarm-runs": (real) => ({ setAlarm: (at) => real.setAlarm(Number(at) + LATER_MS) }),
  "alarm-reads-null": () => ({ getAlarm: async () => Date.now() - LATER_MS }),
  "alarm-in-the-past": (real) => ({
    setAlarm: async (at) => (Number(at) < Date.now() ? undefined : real.setAlarm(at)),
  }),
  "alarm-replaced": (real) => ({
    setAlarm: async (at) => ((await real.getAlarm()) === null ? real.setAlarm(at) : undefined),
  }),
  "alarm-after-a-reset": () => ({ setAlarm: async () => {} }),
  "rolled-back": () => ({ transactionSync: (work) => work() }),
  "bound-parameters": (real) => ({ sql: refusing(real.sql, (bindings) => bindings.length > 50) }),
  "long-values": (real) => ({
    sql: refusing(real.sql, (bindings) => bindings.some((one) => String(one).length > 1_000_000)),
  }),
  bookmarks: () => ({ onNextSessionRestoreBookmark: async () => "" }),
};

function refusing(real: SqlStorage, refuses: (bindings: unknown[]) => boolean): SqlStorage {
  return overlay<SqlStorage>(real, {
    exec: ((query: string, ...bindings: unknown[]) => {
      if (refuses(bindings)) throw new Error("refused");
      return real.exec(query, ...bindings);
    }) as SqlStorage["exec"],
  });
}

/** Lies of the bucket. */
export const BUCKET_LIES: Lies<R2Bucket> = {
  "put-if-absent": putsAnyway,
  "race-if-absent": putsAnyway,
  "put-if-unchanged": putsAnyway,
  "put-if-uploaded-then": putsAnyway,
  "short-pages": (real) => ({
    list: async (options) => {
      const page = await real.list({ ...options, limit: 10 });
      return { ...page, truncated: false } as R2Objects;
    },
  }),
  "list-after-write": () => ({ list: async () => ({ objects: [], truncated: false, delimitedPrefixes: [] }) }),
  "one-write-a-second": () => ({ put: refuse as R2Bucket["put"] }),
  "delete-after-put": () => ({ delete: refuse }),
  "delete-many": (real) => ({ delete: (keys) => (keys.length > 500 ? refuse() : real.delete(keys)) }),
  subrequests: () => ({ head: refuse }),
};

function putsAnyway(real: R2Bucket): Partial<R2Bucket> {
  return { put: ((key: string, value: string) => real.put(key, value)) as R2Bucket["put"] };
}

const refuse = (): Promise<never> => Promise.reject(new Error("refused"));

type ConformanceQueue = Platform["QUEUE"];
type Batch = Parameters<ConformanceQueue["sendBatch"]>[0];
const changed = (
  real: ConformanceQueue,
  change: (messages: MessageSendRequest<MessageOrder & { sentAt: number }>[]) => Batch,
) => ({ sendBatch: (messages: Batch) => real.sendBatch(change([...messages])) }) as Partial<ConformanceQueue>;

/** Lies of the queue's producer. */
export const QUEUE_LIES: Lies<ConformanceQueue> = {
  "at-least-once": (real) => changed(real, (messages) => messages.slice(1)),
  delayed: (real) => changed(real, (messages) => messages.map(({ body }) => ({ body }))),
  "message-sizes": () => ({ sendBatch: refuse }),
  "queue-metrics": () => ({ metrics: async () => ({}) as QueueMetrics }),
};

/** The real thing with some of it replaced. */
export function overlay<T extends object>(real: T, wrong: Partial<T>): T {
  return new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(name in wrong ? wrong : target, name);
      return typeof value === "function" ? value.bind(name in wrong ? wrong : target) : value;
    },
  });
}
