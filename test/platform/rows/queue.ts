import type { Assumption } from "../assumption.ts";
import { atLeast, atMost, is } from "../expect.ts";
import type { Lab } from "../lab.ts";
import type { MessageOrder } from "../worker/message.ts";

const BATCHING_PAGE = "Queues, Batching, Retries and Delays";
const LIMITS_PAGE = "Queues, Limits";
const WAKE = "packages/durable-queue/src/object/on-alarm.ts";
const STEP_MS = 250;
/** Longer than the longest delay of a check. */
const QUIET_MS = { local: 20_000, cloudflare: 60_000 };
const SENT = 60;
const BACKLOG = 200;
const HOLD_MS = 2_000;
/** How long the backlog is watched: the platform adds consumers when a batch completes. */
const GROWTH_MS = { local: 10_000, cloudflare: 90_000 };

/** Waits until so many messages have arrived and a second more for those that come twice, or until none has come for long. */
async function arrivalsOf(lab: Lab, test: string, count: number) {
  let [arrived, quietMs] = [0, 0];
  while (arrived < count && quietMs < QUIET_MS[lab.place]) {
    const { arrivals } = await lab.ask(test, "arrivals");
    quietMs = arrivals.length > arrived ? 0 : quietMs + STEP_MS;
    arrived = arrivals.length;
    await lab.wait(STEP_MS);
  }
  await lab.wait(1_000);
  return (await lab.ask(test, "arrivals")).arrivals;
}

const orders = (test: string, count: number, order: Partial<MessageOrder> = {}): MessageOrder[] =>
  Array.from({ length: count }, (_, n) => ({ test, n, act: "ack", ...order }));

export const QUEUE_ROWS: readonly Assumption[] = [
  {
    name: "at-least-once",
    assumes: "Every message arrives, once or more often, in batches of at most `max_batch_size`.",
    where: "workers/consumer/src/making/consume-batch.ts",
    documented: {
      page: "Queues, Delivery guarantees",
      says: "messages are guaranteed to be delivered at least once, and in rare occasions, may be delivered more than once",
    },
    check: {
      expects: { "different messages of 60 that arrive": is(SENT), "largest batch": atMost(10) },
      async observe(lab) {
        const test = lab.unique();
        await lab.send(orders(test, SENT));
        const arrivals = await arrivalsOf(lab, test, SENT);
        const different = new Set(arrivals.map(({ n }) => n)).size;
        return {
          "different messages of 60 that arrive": different,
          "messages that arrive twice": arrivals.length - different,
          "largest batch": Math.max(...arrivals.map(({ batch }) => batch)),
        };
      },
    },
  },
  {
    name: "delayed",
    assumes: "A message with `delaySeconds` does not arrive before its time.",
    where: WAKE,
    documented: {
      page: BATCHING_PAGE,
      says: "To delay a message or batch of messages when sending to a queue, you can provide a delaySeconds parameter when sending a message.",
    },
    check: {
      expects: { "milliseconds until a message with 10 s of delay arrives": atLeast(9_000) },
      async observe(lab) {
        const test = lab.unique();
        await lab.send(orders(test, 1, { delaySeconds: 10 }));
        const [arrival] = await arrivalsOf(lab, test, 1);
        return { "milliseconds until a message with 10 s of delay arrives": arrival?.afterMs ?? "never" };
      },
    },
  },
  {
    name: "retried",
    assumes: "`retry()` brings one message again, with a higher count of attempts, and leaves its batch alone.",
    where: "workers/consumer/src/making/consume-batch.ts",
    documented: {
      page: BATCHING_PAGE,
      says: "You can also call retry() to explicitly force a message to be redelivered in a subsequent batch.",
    },
    check: {
      expects: {
        "arrivals of the retried message": is(2),
        "its second arrival counts two attempts": is(true),
        "its id stays": is(true),
        "arrivals of the acknowledged message": is(1),
      },
      async observe(lab) {
        const test = lab.unique();
        await lab.send([...orders(test, 1, { act: "retry once" }), ...orders(test, 1, { n: 1 })]);
        const arrivals = await arrivalsOf(lab, test, 3);
        const retried = arrivals.filter(({ n }) => n === 0);
        return {
          "arrivals of the retried message": retried.length,
          "its second arrival counts two attempts": retried[1]?.attempts === 2,
          "its id stays": retried.length > 1 && retried[0]?.id === retried[1]?.id,
          "arrivals of the acknowledged message": arrivals.filter(({ n }) => n === 1).length,
        };
      },
    },
  },
  {
    name: "message-sizes",
    assumes: "A message has at most 128 kB, a batch at most 100 messages and 256 kB.",
    where: "packages/durable-queue/src/object/on-alarm.ts",
    documented: { page: LIMITS_PAGE, says: "Maximum messages per sendBatch call: 100 (or 256KB in total)" },
    check: {
      expects: {
        "a message of 127,000 bytes is taken": is(true),
        "a message of 129,000 bytes is taken": is(false, { kinder: true }),
        "a batch of 100 messages is taken": is(true),
        "a batch of 101 messages is taken": is(false, { kinder: true }),
        "a batch of 250,000 bytes is taken": is(true),
        "a batch of 270,000 bytes is taken": is(false, { kinder: true }),
        "a batch of 300,000 bytes is taken": is(false, { kinder: true }),
      },
      observe: (lab) => lab.probe("message-sizes"),
    },
  },
  {
    name: "queue-metrics",
    assumes: "`metrics()` of a producer's binding tells how much waits.",
    where: "workers/consumer/src/api/stats.ts",
    documented: null,
    check: { expects: { "the backlog is a number": is(true) }, observe: (lab) => lab.probe("metrics") },
  },
  {
    name: "consumers-grow",
    assumes: "A backlog brings more consumers, and only when a batch completes; so workers stay for a minute at most.",
    where: "workers/consumer/src/making/work.ts",
    documented: {
      page: "Queues, Consumer concurrency",
      says: "Queues checks if it should autoscale consumers only after processing an entire batch of messages, so it will not autoscale while a batch is being processed.",
    },
    check: {
      expects: { "consumers at once, of 20 slow batches": atLeast(2) },
      alone: true,
      async observe(lab) {
        const test = lab.unique();
        await lab.send(orders(test, BACKLOG / 2, { holdMs: HOLD_MS }));
        await lab.send(orders(test, BACKLOG / 2, { holdMs: HOLD_MS }));
        let most = 0;
        for (let waited = 0; waited < GROWTH_MS[lab.place]; waited += 1_000) {
          await lab.wait(1_000);
          const { arrivals, mostAtOnce } = await lab.ask(test, "arrivals");
          most = mostAtOnce;
          if (arrivals.length >= BACKLOG) break;
        }
        return { "consumers at once, of 20 slow batches": most };
      },
    },
  },
];
