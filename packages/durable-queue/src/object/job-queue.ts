import type { AcceptChunk, BeforeRestore, ChunkAnswer, ExchangeRequest } from "../calls.ts";
import { exchange } from "../claims/exchange.ts";
import { acceptChunk } from "../intake/accept-chunk.ts";
import type { JobKey } from "../job-key.ts";
import { RULES, type Rules } from "../operate/prune.ts";
import { beforeRestore, restored } from "../operate/restored.ts";
import { laneName, lastLane } from "../tables/lanes.ts";
import { deletePayload, OLD_PAYLOADS, PAYLOADS, payloadOf, putPayloads } from "../tables/payloads.ts";
import { checkedConfig, type QueueConfig } from "../tables/queue-config.ts";
import { isOpen } from "../tables/row.ts";
import { withOwn } from "../tables/schema.ts";
import type { Sql } from "../tables/sql.ts";
import { QueueTx } from "../tx/queue-tx.ts";
import { Queue, type QueueHost } from "./queue.ts";
import type { QueueDeps } from "./queue-deps.ts";

const DAY_MS = 86_400_000;
const JOB_TABLES = withOwn([PAYLOADS]);
/** Open jobs above which nothing more is accepted. */
const BACKLOG_MAX = 1_000_000;

/** A job to accept. A key that is open gains no second job, and keeps its payload. */
export interface NewJob extends JobKey {
  /** At most 2 MB. Default: none. */
  payload?: string;
}

/** Jobs to accept, at most 1,000, each key once. Jobs of one group that stand together wait in one row. */
export interface Enqueue {
  /** The same id again, within 14 days, answers as before and does nothing. */
  id: string;
  jobs: NewJob[];
  /** Default: the last lane. */
  lane?: string;
  /** Jobs of one run are listed, counted and cancelled together, and runs take turns. Default: the lane. */
  run?: string;
}

/** A queue whose groups have no rules of their own, and whose jobs are calls of its runners. */
export class JobQueue extends Queue {
  constructor(sql: Sql, config: QueueConfig, deps: QueueDeps, host: QueueHost) {
    checkedConfig(config);
    const openTx = (over: Sql, opening: Omit<ConstructorParameters<typeof QueueTx>[1], "config">) =>
      new CallTx(over, { config, ...opening });
    super(sql, { tables: JOB_TABLES, openTx }, deps, host);
  }

  readonly acceptChunk = this.changes((tx, chunk: AcceptChunk) => acceptChunk(tx, chunk, () => true));
  readonly exchange = this.changes((tx, request: ExchangeRequest) => exchange(tx, request, () => ({})));

  /**
   * Accepts jobs with their payloads. After the answer `done` none of them is lost. Throws RangeError for a group or part
   * without 1 to KEY_MAX_CHARS characters.
   */
  readonly enqueue = this.changes(enqueue);

  /** The payload of a job. */
  readonly payloadOf = this.reads(({ sql }, key: JobKey) => payloadOf(sql, key));

  /** Applies the rules after an older copy was restored. `before`: null when the replaced database could not be asked. */
  readonly restored = this.changes((tx, before: BeforeRestore | null) => restored(tx, before));

  protected override get rules(): Rules {
    return { ...RULES, ...OWN_RULES };
  }

  protected override beforeRestore(tx: QueueTx): BeforeRestore {
    return beforeRestore(tx);
  }
}

/** Longer than a dead letter stays. */
const OWN_RULES = {
  payloads: { of: { large: OLD_PAYLOADS }, ms: 60 * DAY_MS, leastMs: 60 * DAY_MS, most: 5_000_000 },
} satisfies Rules;

class CallTx extends QueueTx {
  override get hasExternalJobs(): boolean {
    return false;
  }

  override stored(...[stored, runs, existing]: Parameters<QueueTx["stored"]>): void {
    super.stored(stored, runs, existing);
    deletePayload(this.sql, stored);
  }
}

function enqueue(tx: QueueTx, { id, jobs, ...asks }: Enqueue): ChunkAnswer {
  const { lane = laneName(tx.lanes, lastLane(tx.lanes)), run = lane } = asks;
  tx.rows.loadKeys(jobs);
  const isNew = (job: NewJob) => {
    const row = tx.rows.get(job);
    return row === null || !isOpen(row);
  };
  const payloads = jobs
    .filter(isNew)
    .flatMap(({ payload, ...key }) => (payload === undefined ? [] : [{ ...key, payload }]));
  const asked = { run: { run, label: null, lane }, delivery: { id, chunk: 0, hash: "" } };
  const chunk = {
    ...asked,
    groups: jobs.map(({ group, part }) => ({ group, parts: [part] })),
    force: false,
    backlogMax: BACKLOG_MAX,
  };
  const answer = acceptChunk(tx, chunk, () => true);
  if (answer.status === "done" && answer.closed !== true) putPayloads(tx.sql, payloads, tx.now);
  return answer;
}
