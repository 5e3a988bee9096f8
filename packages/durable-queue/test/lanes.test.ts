import { describe, expect, it } from "vitest";
import { budgetLeft } from "../src/admission/budget.ts";
import type { AcceptChunk, Assignment, ExchangeRequest } from "../src/calls.ts";
import { exchange } from "../src/claims/exchange.ts";
import { die } from "../src/claims/transitions.ts";
import { within } from "../src/clock.ts";
import { NO_EXTERNAL_JOBS } from "../src/external-jobs.ts";
import { acceptChunk } from "../src/intake/accept-chunk.ts";
import type { JobKey } from "../src/job-key.ts";
import { Queue, type QueueHost } from "../src/object/queue.ts";
import type { QueueDeps } from "../src/object/queue-deps.ts";
import type { OpenTx } from "../src/object/transactions.ts";
import { stateCounts } from "../src/operate/job-state.ts";
import { beforeRestore } from "../src/operate/restored.ts";
import { cancelRun, promoteRun, retryJob } from "../src/operate/retry-and-cancel.ts";
import { type LaneRule, laneCode, laneName, ONE_LANE } from "../src/tables/lanes.ts";
import { checkedConfig, type QueueConfig } from "../src/tables/queue-config.ts";
import { MIGRATIONS } from "../src/tables/schema.ts";
import type { Sql } from "../src/tables/sql.ts";
import { nodeSql } from "../src/testing/node-sql.ts";
import { queueConfig } from "../src/testing/queue-config.ts";
import { QueueTx } from "../src/tx/queue-tx.ts";

/** Lanes of other names than Prewarm's, and two of Prewarm's where they mean the opposite. */
const LANES: readonly LaneRule[] = [
  { name: "bulk", share: "calls", urgent: true },
  { name: "invoices", share: "bills" },
  { name: "news", share: "letters" },
  { name: "live", share: "letters", background: true },
];
const PLAIN: readonly LaneRule[] = [
  { name: "sooner", share: "all" },
  { name: "later", share: "all" },
];
const THREE_SHARES = {
  month: 20,
  shares: { calls: { month: 0.5, day: 0.2 }, bills: { month: 0.3 }, letters: { month: 0.2 } },
};

/** A queue of any configuration, whose workers are the test. */
class BareQueue extends Queue {
  constructor(sql: Sql, config: QueueConfig, deps: QueueDeps, host: QueueHost) {
    const openTx: OpenTx<QueueTx> = (over, opening) => new QueueTx(over, { config, ...opening });
    super(sql, { tables: MIGRATIONS, openTx }, deps, host);
  }
  readonly exchange = this.changes((tx, request: ExchangeRequest) => exchange(tx, request, () => ({})));
  readonly acceptChunk = this.changes((tx, chunk: AcceptChunk) => acceptChunk(tx, chunk, () => true));
  protected override beforeRestore = beforeRestore;
}

const textOf = ({ group, part }: JobKey) => `${group}/${part}`;

/** A queue whose bucket is full, and one worker of it. */
function world(lanes: readonly LaneRule[], gate: Partial<QueueConfig["gate"]> = {}) {
  const clock = { ms: Date.UTC(2026, 10, 24, 12), now: () => clock.ms, random: () => 0.5 };
  const config = queueConfig({ concurrency: 100, ratePerSecond: 50, burst: 100, budget: null, ...gate }, lanes);
  const storage = { getAlarm: async () => null, setAlarm: async () => undefined, deleteAlarm: async () => undefined };
  const never = () => new Promise<void>(() => undefined);
  const deps = {
    clock,
    within,
    log: () => undefined,
    newQueueId: () => "q",
    send: async () => undefined,
    sleep: never,
  };
  const host = { storage, waitUntil: () => undefined } as unknown as QueueHost;
  const queue = new BareQueue(nodeSql(), config, { ...deps, watchExternalJobs: NO_EXTERNAL_JOBS }, host);
  clock.ms += 60_000;
  const owners = new Set<string>();
  const call = (owner: string, said: Partial<ExchangeRequest> = {}): Assignment[] => {
    const request = { owner, first: !owners.has(owner), role: "work" as const, room: 40, have: [], submitted: [] };
    owners.add(owner);
    const answer = queue.exchange({ ...request, settled: [], leave: false, ...said });
    if (answer.status === "lost") throw new Error("the lease is lost");
    return answer.give;
  };
  /** The keys that a worker may POST, in this order. */
  const work = (owner: string): string[] => {
    const given = call(owner);
    const went = given.filter(({ phase }) => phase === "admitted");
    const phaseOf = ({ gen }: Assignment) => (went.some((one) => one.gen === gen) ? "admitted" : "ready");
    for (let more = given; more.length > 0; went.push(...more))
      more = call(owner, { room: 0, have: given.map((one) => ({ id: one.id, gen: one.gen, phase: phaseOf(one) })) });
    return went.map(textOf);
  };
  const enqueue = (lane: string, n: number, run = lane) => {
    const parts = Array.from({ length: n }, (_, k) => `${k}`);
    const asked = { run: { run, label: null, lane }, delivery: { id: `${run} ${n}`, chunk: 0, hash: "" } };
    return queue.acceptChunk({ ...asked, groups: [{ group: run, parts }], force: false, backlogMax: 1_000_000 });
  };
  const laneOf = (key: JobKey) =>
    queue.transactions.read((tx) => laneName(tx.lanes, tx.rows.loadKeys([key])[0]?.lane ?? -1));
  return { queue, call, work, enqueue, laneOf, clock };
}

describe("lanes that a queue names", () => {
  it("go in the order of its list, whatever they are called", () => {
    const { work, enqueue, queue } = world(LANES);
    for (const { name } of LANES.toReversed()) enqueue(name, 1);
    expect(queue.transactions.read(stateCounts).queued).toEqual({ bulk: 1, invoices: 1, news: 1, live: 1 });
    expect(work("o")).toEqual(["bulk/0", "invoices/0", "news/0", "live/0"]);
  });

  it("let only the urgent lane start without a call more, and only the background lane leave a slot", () => {
    const { call, work, enqueue } = world(LANES, { concurrency: 2 });
    enqueue("live", 3);
    expect(work("o")).toHaveLength(1);
    enqueue("bulk", 1);
    expect(call("p").map((one) => [textOf(one), one.phase, one.urgent])).toContainEqual(["bulk/0", "admitted", true]);
    const plain = world(ONE_LANE, { concurrency: 2 });
    plain.enqueue("default", 3);
    expect(plain.work("o")).toHaveLength(2);
  });

  it("have three shares: each stops at its part of the month, and the first at its part of the day", () => {
    const { work, enqueue, queue, clock } = world(LANES, { budget: THREE_SHARES });
    for (const { name } of LANES) enqueue(name, 15);
    const went = (owner: string) => {
      const lanes = work(owner).map((key) => key.split("/")[0]);
      return LANES.map(({ name }) => lanes.filter((lane) => lane === name).length);
    };
    expect(went("o")).toEqual([2, 6, 4, 0]);
    expect(went("p")).toEqual([0, 0, 0, 0]);
    clock.ms += 86_400_000;
    const left = queue.transactions.read((tx) => LANES.map(({ name }) => budgetLeft(tx.gateNow, name)));
    expect(left).toEqual([2, 0, 0, 0]);
  });

  it("close a cancelled run in the background lane only, and spare the urgent lane", () => {
    const { queue, enqueue } = world(LANES);
    const after = (lane: string) => {
      enqueue(lane, 1);
      queue.transactions.write((tx) => cancelRun(tx, lane));
      return enqueue(lane, 2);
    };
    expect(after("live")).toMatchObject({ status: "done", closed: true, accepted: 0 });
    expect(after("news")).toMatchObject({ status: "done", accepted: 2 });
    expect(after("bulk")).toMatchObject({ status: "done", accepted: 1, duplicates: 1 });
    expect(queue.transactions.read(stateCounts).cancelled).toEqual({ bulk: 0, invoices: 0, news: 0, live: 1 });
  });

  it("let an urgent job that is retried by hand go on in the next lane, and any other in its own", () => {
    const { queue, enqueue, laneOf } = world(LANES);
    for (const lane of ["bulk", "live"]) {
      enqueue(lane, 1);
      queue.transactions.write((tx) => {
        const row = tx.rows.loadKeys([{ group: lane, part: "0" }])[0];
        if (row === undefined) throw new Error("no row");
        die(tx, row, true);
        retryJob(tx, row.id);
      });
    }
    expect([laneOf({ group: "bulk", part: "0" }), laneOf({ group: "live", part: "0" })]).toEqual(["invoices", "live"]);
  });

  it("let a run go first in each lane but the urgent one, also in the first of a list without one", () => {
    for (const [lanes, lane, first] of [
      [PLAIN, "sooner", "b/0"],
      [LANES, "news", "b/0"],
      [LANES, "bulk", "a/0"],
    ] as const) {
      const { queue, work, enqueue } = world(lanes, { concurrency: 1 });
      for (const run of ["a", "b"]) {
        // Runs take turns by an index that leaves the urgent lane out.
        enqueue(lane, 1, run);
      }
      queue.transactions.write((tx) => promoteRun(tx, "b", true));
      expect(work("o")).toEqual([first]);
    }
  });

  it("are refused by a name that no lane has", () => {
    expect(() => world(LANES).enqueue("upload", 1)).toThrow("the queue has no lane upload,");
    expect(laneCode(LANES, "live")).toBe(3);
    expect(laneCode(PLAIN, "sooner")).toBe(1);
  });
});

describe("a configuration that the queue cannot work with", () => {
  it.each([
    ["it has no lane", [], null],
    [
      "two lanes are named a",
      [
        { name: "a", share: "a" },
        { name: "a", share: "a" },
      ],
      null,
    ],
    [
      "lane b is urgent and not the first",
      [
        { name: "a", share: "a" },
        { name: "b", share: "a", urgent: true },
      ],
      null,
    ],
    [
      "lane a is background and not the last",
      [
        { name: "a", share: "a", background: true },
        { name: "b", share: "a" },
      ],
      null,
    ],
    ["lane a is urgent and background", [{ name: "a", share: "a", urgent: true, background: true }], null],
    ["lane a has the share s, which the budget lacks", [{ name: "a", share: "s" }], { month: 1, shares: {} }],
    [
      "share s has a part that is not between 0 and 1",
      [{ name: "a", share: "s" }],
      { month: 1, shares: { s: { month: 2 } } },
    ],
  ] satisfies [string, readonly LaneRule[], QueueConfig["gate"]["budget"]][])("says so: %s", (says, lanes, budget) => {
    const config = queueConfig({ budget }, lanes);
    expect(() => checkedConfig(config)).toThrow(`The configuration of the queue is wrong: ${says}.`);
  });
});
