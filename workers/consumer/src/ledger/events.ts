import { closedFor, getDoc, isOpen, memberStates, monthOf, openJobs, putDoc, usedBy } from "@prewarm/durable-queue";
import { type EventType, endpointName } from "@prewarm/shared/events";
import { countCauses } from "../console/causes.ts";
import { oldestWaiting } from "../console/oldest-waiting.ts";
import { endOfRecent, readRecentSpan } from "../console/tables/recent.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { budgetSettings, UPLOAD } from "../queue-settings.ts";
import { addEvent, finishedRuns } from "./tables/events.ts";

/*
 * Outgoing events. No decision of the ledger calls this code. A periodic look compares the state with the state that
 * was reported last, and writes both in one transaction. So each event is reported once, and no other decision depends
 * on events.
 */

/** A viewer's job that waits longer than this, in ms, is an event. */
const LIVE_STALLED_MS = 60_000;
/** Work that waits while no job ends for this long is an event. */
const NOTHING_CONSUMED_MS = 300_000;
/** Dead letters are reported by cause, at most this often. */
const DEAD_EVERY_MS = 60_000;
const MANY = 100;

/** The state that was reported last. Times are Unix ms. */
interface Said {
  breaker: "open" | "closed";
  /** The highest reported alert level of the month. */
  budget: { month: string; level: number };
  live: boolean;
  consumed: boolean;
  deadAt: number;
  /** Runs that ended until then are reported. */
  runsAt: number;
  /** Rows of `recent` below this row are checked. */
  recent: number;
  /** How many jobs of a row of `recent` are checked, because the newest row grows. Of another row: all of its jobs. */
  checked?: { row: number; jobs: number };
  /** When a job last ended, and how many had ended by then. */
  ended: { n: number; at: number };
  /** Number of the last event. */
  n: number;
}

/**
 * Writes the events since the last look, and answers how many. Reads nothing while the configuration has no endpoint.
 */
export function noteEvents(tx: ImageTx): number {
  const { events } = tx.site;
  if (events.length === 0) return 0;
  const before = getDoc(tx.sql, "events-said");
  const said = before === null ? firstSaid(tx) : (JSON.parse(before) as Said);
  const first = said.n;
  noteBreaker(tx, said);
  noteBudget(tx, said);
  noteStalled(tx, said);
  noteDead(tx, said);
  noteRuns(tx, said);
  noteImages(tx, said);
  const after = JSON.stringify(said);
  if (after !== before) putDoc(tx.sql, "events-said", after);
  return said.n - first;
}

/** Writes a test event to every endpoint. */
export function testEvent(tx: ImageTx, who: string): number {
  tellNow(tx, "test", { who }, () => true);
  return tx.site.events.length;
}

/** Writes an event in the call that causes it. Writes nothing while the configuration has no endpoint. `wants`: by an endpoint's types. */
export function tellNow(tx: ImageTx, ...[type, data, wants]: Told): void {
  if (tx.site.events.length === 0) return;
  const before = getDoc(tx.sql, "events-said");
  const said = before === null ? firstSaid(tx) : (JSON.parse(before) as Said);
  tell(tx, said, type, data, wants);
  putDoc(tx.sql, "events-said", JSON.stringify(said));
}

type Told = [
  type: EventType | "test",
  data: Record<string, unknown>,
  wants?: (types: readonly string[] | undefined) => boolean,
];

/** The state at the first look is no event. */
function firstSaid(tx: ImageTx): Said {
  const ended = endedCount(tx);
  const checked = endOfRecent(tx.sql);
  return {
    ...{ breaker: "closed", budget: { month: "", level: 0 }, live: false, consumed: false },
    ...{ deadAt: tx.now, runsAt: tx.now - 1, recent: checked.row, checked, ended: { n: ended, at: tx.now }, n: 0 },
  };
}

function tell(tx: ImageTx, said: Said, ...[type, data, wants]: Told): void {
  said.n += 1;
  const id = `evt_${tx.queueId}_${said.n}`;
  const body = JSON.stringify({ type, timestamp: new Date(tx.now).toISOString(), data });
  for (const endpoint of tx.site.events) {
    const { types } = endpoint;
    if (wants?.(types) ?? (types === undefined || types.some((one) => one === type)))
      addEvent(tx.sql, { id, endpoint: endpointName(endpoint), type, at: tx.now, body });
  }
}

function noteBreaker(tx: ImageTx, said: Said): void {
  const { state, reason, status, since, until } = tx.gate.breaker;
  if (state === said.breaker) return;
  said.breaker = state;
  if (state === "open") tell(tx, said, "breaker.opened", { reason, status, since, probeAt: until });
  else tell(tx, said, "breaker.closed", {});
}

function noteBudget(tx: ImageTx, said: Said): void {
  const { monthlyJobs, alertLevels } = budgetSettings(tx.site, tx.gate);
  if (monthlyJobs === null) return;
  const month = monthOf(tx.now);
  if (said.budget.month !== month) said.budget = { month, level: 0 };
  const used = Object.values(usedBy(tx.gateNow)).reduce((sum, n) => sum + n, 0);
  const level = Math.max(0, ...alertLevels.filter((one) => used >= one * monthlyJobs));
  if (level <= said.budget.level) return;
  said.budget.level = level;
  tell(tx, said, "budget.level", { month, level, used, monthlyJobs, exhausted: used >= monthlyJobs });
}

function noteStalled(tx: ImageTx, said: Said): void {
  const oldest = oldestWaiting(tx);
  const age = (at: number | undefined) => (at === undefined ? 0 : tx.now - at);
  const isOpenFor = (lane: string) => closedFor(tx.gateNow, lane) === null;
  const stalled = isOpenFor("live") && age(oldest.live) > LIVE_STALLED_MS;
  if (stalled && !said.live) tell(tx, said, "live.stalled", { oldestMs: age(oldest.live) });
  said.live = stalled;
  const n = endedCount(tx);
  const waits = Object.keys(oldest).some(isOpenFor);
  if (n !== said.ended.n || !waits) said.ended = { n, at: tx.now };
  const nothing = waits && tx.now - said.ended.at > NOTHING_CONSUMED_MS;
  if (nothing && !said.consumed)
    tell(tx, said, "nothing.consumed", { open: openJobs(tx), forMs: tx.now - said.ended.at });
  said.consumed = nothing;
}

/** All jobs that have ever ended. The count of stored jobs includes deleted rows. */
function endedCount(tx: ImageTx): number {
  return tx.counts.filter(({ state }) => !isOpen({ state })).reduce((sum, { n }) => sum + n, 0);
}

/** Reports dead letters by cause, at most once a minute, so that a storm is one event. */
function noteDead(tx: ImageTx, said: Said): void {
  if (tx.now - said.deadAt < DEAD_EVERY_MS) return;
  const causes = countCauses(tx, { states: ["dead"], from: said.deadAt });
  for (const { cause, code, text, count, formats } of causes.slice(0, MANY))
    tell(tx, said, "variant.dead", { cause, code, message: text, count, formats, since: said.deadAt });
  said.deadAt = tx.now;
}

/** Reports finished bulk runs. A hook's run of the day would end many times. */
function noteRuns(tx: ImageTx, said: Said): void {
  for (const n of finishedRuns(tx.sql, said.runsAt, MANY)) {
    const run = tx.runs.byNumber(n);
    if (run === null) continue;
    const { id, label, ended, existing, rejected, who } = run;
    tell(tx, said, "run.finished", { run: id, label, who, existing, rejected, states: memberStates(tx, run) });
    said.runsAt = ended;
  }
}

/** Reports images whose last variant of an upload was stored. */
function noteImages(tx: ImageTx, said: Said): void {
  const rows = readRecentSpan(tx.sql, { from: said.recent, to: said.recent + MANY }, MANY);
  const checked = said.checked?.row === said.recent ? said.checked.jobs : Number.POSITIVE_INFINITY;
  const all = rows.flatMap(({ stored }) => stored).filter(({ lane }) => lane === UPLOAD);
  const news = rows
    .flatMap(({ n, stored }) => (n === said.recent ? stored.slice(checked) : stored))
    .filter(({ lane }) => lane === UPLOAD);
  for (const [id, variants] of Map.groupBy(news, ({ group }) => group)) {
    const left = tx.rows.loadGroup(id);
    if (left.some(isOpen)) continue;
    const since = Math.min(...variants.map(({ created }) => created));
    const stored = all.filter(({ group, created }) => created >= since && group === id).length;
    tell(tx, said, "image.ready", { id, stored, failed: left.length });
  }
  const last = rows.at(-1);
  if (last === undefined) return;
  said.recent = last.n;
  said.checked = { row: last.n, jobs: last.stored.length };
}
