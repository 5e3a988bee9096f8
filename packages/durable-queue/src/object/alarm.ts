import { closedFor, isClosedForAll, nextOpenAt } from "../admission/gate.ts";
import { workOf } from "../claims/pace.ts";
import type { Clock } from "../clock.ts";
import { laneCodes, laneName } from "../tables/lanes.ts";
import { nextOutboxAt } from "../tables/outbox.ts";
import { BUSY_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { nextCancelling } from "../tx/runs.ts";

/** Setting an alarm writes a row, so an alarm that is at most this much too late stays as it is. */
const SLACK_MS = 200;
/**
 * Maintenance or a failover delays an alarm by up to a minute (developers.cloudflare.com/durable-objects/api/alarms, read
 * 2026-11).
 */
export const ALARM_LATE_MS = 60_000;
/** Maximum difference between the clocks of the object and of the platform's alarms. Chosen. */
const CLOCKS_MS = 30_000;

/** The alarm of a Durable Object. Times are Unix ms. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/**
 * The alarm of the object, moved only when that is worth a row. The platform may lose an alarm: it never fires, and its
 * past time may still read as set. Such an alarm counts as none. An alarm that is late but may still fire stays as it
 * is.
 */
export class AlarmClock {
  readonly #storage: AlarmStorage;
  readonly #clock: Pick<Clock, "now">;
  #at: number | null = null;

  constructor(storage: AlarmStorage, clock: Pick<Clock, "now">) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** Reads the alarm that is set. Call it before any other method. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** The alarm has fired, so none is set. */
  rang(): void {
    this.#at = null;
  }

  /** Lets the alarm fire at this time or earlier. */
  by(at: number | null): void {
    if (at === null) return;
    const set = this.#willFireAt();
    if (set === null || set > at + SLACK_MS) this.#set(at);
  }

  /** Lets the alarm fire at this time and not earlier. Null: not at all. */
  at(at: number | null): void {
    if (at === null) {
      if (this.#at !== null) void this.#storage.deleteAlarm();
      this.#at = null;
      return;
    }
    const set = this.#willFireAt();
    if (set === null || Math.abs(set - at) > SLACK_MS) this.#set(at);
  }

  #willFireAt(): number | null {
    const isLost = this.#at !== null && this.#at < this.#clock.now() - ALARM_LATE_MS - CLOCKS_MS;
    return isLost ? null : this.#at;
  }

  #set(at: number): void {
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}

const SOON_MS = 250;
/**
 * Interval for jobs that were given up: nothing else keeps the poller's loop running, and their slots must become
 * free.
 */
const LOOK_MS = 60_000;
/**
 * Waits for a POST that must be repeated: `AGAIN_MS`, or `CLOSED_MS` while its lane is closed, in case no other event
 * shows that the lane is open.
 */
const AGAIN_MS = 1_000;
const CLOSED_MS = 600_000;

/**
 * When the alarm should fire next, Unix ms: at the first due time. Null: never, and the queue sleeps. Expired rows wait
 * for the cron. `own`: times of the user of the queue.
 */
export function nextAlarm(tx: QueueTx, own: readonly (number | null)[]): number | null {
  const times = [
    ...own,
    ...timesOfClaims(tx),
    ...timesOfWork(tx),
    nextOutboxAt(tx.sql),
    nextCancelling(tx.sql) === null ? null : tx.now,
    ...pauseEnds(tx),
    isClosedForAll(tx.gateNow) ? tx.now + BUSY_MS : null,
  ].filter((at) => at !== null);
  return times.length === 0 ? null : Math.max(tx.now + SOON_MS, Math.min(...times));
}

/** A closed lane gets no new jobs, so perhaps only the end of its pause wakes the queue. */
function pauseEnds({ gateNow: { state, now } }: QueueTx): number[] {
  return Object.values(state.pauses).flatMap(({ until }) => (until !== null && until > now ? [until] : []));
}

function timesOfClaims(tx: QueueTx): number[] {
  const { now, memory } = tx;
  const { claims } = memory;
  const ends = claims.owners().map(({ until }) => until + 1);
  // The poller's loop observes the jobs. The alarm restarts the loop if it has died.
  const dues = claims.orphaned().map(({ externalId, due, lane }) => {
    if (externalId !== null) return now + BUSY_MS;
    return Math.max(due, now + (closedFor(tx.gateNow, laneName(tx.lanes, lane), true) === null ? AGAIN_MS : CLOSED_MS));
  });
  const slots = claims
    .abandoned()
    .map(({ externalId, until }) =>
      Math.min(externalId === null ? until + 1 : Number.POSITIVE_INFINITY, now + LOOK_MS),
    );
  return [...ends, ...dues, ...slots, ...(ends.length > 0 ? [now + BUSY_MS] : [])];
}

/** When waiting work needs the alarm: soon if it may be handed out, else at its due time or when the gate opens. */
function timesOfWork(tx: QueueTx): number[] {
  const times: number[] = [];
  if (workOf(tx).now > 0) times.push(tx.now + BUSY_MS);
  let isAnyClosed = false;
  for (const lane of laneCodes(tx.lanes)) {
    const at = tx.readyAt(lane);
    if (at === null) continue;
    if (closedFor(tx.gateNow, laneName(tx.lanes, lane)) !== null) isAnyClosed = true;
    // A job that is due already is the work above, or waits for a slot.
    else if (at > tx.dueBy) times.push(at);
  }
  const opens = isAnyClosed ? nextOpenAt(tx.gateNow) : null;
  return opens === null ? times : [...times, opens];
}
