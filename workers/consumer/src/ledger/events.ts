import { getDoc, isOpen, memberStates, putDoc } from "@prewarm/durable-queue";
import { type EventType, endpointName } from "@prewarm/shared/events";
import { endOfRecent, readRecentSpan } from "../console/tables/recent.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { UPLOAD } from "../queue-settings.ts";
import { eventText } from "./event-text.ts";
import { addEvent, finishedRuns } from "./tables/events.ts";

/*
 * Outgoing events. No decision of the ledger calls this code. A periodic look compares the state with the state that
 * was reported last, and writes both in one transaction. So each event is reported once, and no other decision depends
 * on events. Those of troubles are written by the look at the list of troubles.
 */

/** The document that keeps the state that was reported last. */
const DOC = "events-said";
const MANY = 100;

/** The state that was reported last. Times are Unix ms. */
interface Said {
  /** Runs that ended until then are reported. */
  runsAt: number;
  /** Rows of `recent` below this row are checked. */
  recent: number;
  /** How many jobs of a row of `recent` are checked, because the newest row grows. Of another row: all of its jobs. */
  checked?: { row: number; jobs: number };
  /** Number of the last event. */
  n: number;
}

/**
 * Writes the events since the last look, and answers how many. Reads nothing while the configuration has no endpoint.
 */
export function noteEvents(tx: ImageTx): number {
  const { events } = tx.site;
  if (events.length === 0) return 0;
  const before = getDoc(tx.sql, DOC);
  const said = readSaid(tx, before);
  const first = said.n;
  noteRuns(tx, said);
  noteImages(tx, said);
  const after = JSON.stringify(said);
  if (after !== before) putDoc(tx.sql, DOC, after);
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
  const said = readSaid(tx, getDoc(tx.sql, DOC));
  tell(tx, said, type, data, wants);
  putDoc(tx.sql, DOC, JSON.stringify(said));
}

type Told = [
  type: EventType | "test",
  data: Record<string, unknown>,
  wants?: (types: readonly string[] | undefined) => boolean,
];

/** The state at the first look is no event. `body`: of the document. */
function readSaid(tx: ImageTx, body: string | null): Said {
  if (body !== null) return JSON.parse(body) as Said;
  const checked = endOfRecent(tx.sql);
  return { runsAt: tx.now - 1, recent: checked.row, checked, n: 0 };
}

function tell(tx: ImageTx, said: Said, ...[type, data, wants]: Told): void {
  said.n += 1;
  const id = `evt_${tx.queueId}_${said.n}`;
  const body = JSON.stringify({
    type,
    timestamp: new Date(tx.now).toISOString(),
    text: eventText(type, data, tx.now),
    data,
  });
  for (const endpoint of tx.site.events) {
    const { types } = endpoint;
    if (wants?.(types) ?? (types === undefined || types.some((one) => one === type)))
      addEvent(tx.sql, { id, endpoint: endpointName(endpoint), type, at: tx.now, body });
  }
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
