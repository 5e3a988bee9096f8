import { IDEMPOTENCY_MS } from "@prewarm/shared/limits";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { Claim, ClaimAnswer, WakeUpKeys } from "../contract.ts";
import { settingsOf } from "../tables/gate-state.ts";
import type { Lease } from "../tables/leases.ts";
import {
  AGAIN,
  CANCELLED,
  DEAD,
  FIRST,
  isOpen,
  LIVE,
  NOT_GRANTED,
  PROCESSING,
  QUEUED,
  REFUSED,
  type Row,
  STORED,
} from "../tables/row.ts";
import { forsaken } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";
import {
  firstLookMs,
  laneClosed,
  nextToken,
  probeFree,
  slotLimit,
  spend,
  startProbe,
  TOKEN_HORIZON_MS,
  takeToken,
} from "./gate.ts";
import { openJobs } from "./open-jobs.ts";
import { rescueLease } from "./rescue.ts";
import { slotsUsed } from "./slots.ts";
import { cancelRow, floorOf, newGeneration, orderAnew } from "./transitions.ts";

/** Live rows that may be open at once; further misses are dropped, and the next view asks again. */
export const LIVE_OPEN_MAX = 10_000;
const DAY_MS = 86_400_000;
/** What `parked` says when the wait depends on other jobs or on an operator: a hint, nobody acts on it. */
const PARKED_HINT_MS = 5_000;
/** Suspects beyond the one that a claim may run come back this far apart. */
const SUSPECT_SPACING_MS = 1_000;

interface Ask {
  key: string;
  live: boolean;
  /** The newest live message's time: a miss older than what is stored is no news. */
  at: number;
}

/** One claim call's running totals. */
interface Session {
  tx: Tx;
  lease: Lease;
  used: number | null;
  suspects: number;
  liveOpen: number;
}

/** Answers for each key what its handler is to do; rows it may act on are owned under one lease of 60 s. */
export function claim(tx: Tx, owner: string, wakeUps: WakeUpKeys[]): ClaimAnswer {
  const asks = mergeAsks(wakeUps);
  const rows = tx.rows.loadKeys(asks.map(({ key }) => key));
  tx.images.load(asks.map(({ key }) => encodedIdOfKey(key)));
  const { open, liveOpen, liveWaiting } = openJobs(tx.sql);
  const session: Session = { tx, lease: tx.leases.open(owner, tx.now), used: null, suspects: 0, liveOpen };
  rescueOwners(tx, rows);
  const claims: Record<string, Claim> = {};
  // Viewers first, because there are fewer tokens for whoever comes later. Rows that have crashed a handler last.
  const rank = ({ key, live }: Ask): number => ((tx.rows.get(key)?.crashes ?? 0) > 0 ? 2 : 0) + (live ? 0 : 1);
  for (const ask of asks.sort((a, b) => rank(a) - rank(b))) claims[ask.key] = decide(session, ask);
  return { ledgerId: tx.ledgerId, claims, open, liveWaiting, firstLookMs: firstLookMs(tx.gate) };
}

function mergeAsks(wakeUps: WakeUpKeys[]): Ask[] {
  const asks = new Map<string, Ask>();
  for (const { keys, live, at } of wakeUps) {
    for (const key of keys) {
      const known = asks.get(key);
      asks.set(key, { key, live: live || known?.live === true, at: Math.max(live ? at : 0, known?.at ?? 0) });
    }
  }
  return [...asks.values()];
}

function rescueOwners(tx: Tx, rows: Row[]): void {
  for (const owner of new Set(rows.map((row) => row.owner))) {
    const lease = owner === null ? null : tx.leases.get(owner);
    if (lease !== null && lease.until <= tx.now) rescueLease(tx, lease);
  }
}

/** The decision table of docs/protocol.md, line by line. */
function decide(session: Session, ask: Ask): Claim {
  const { tx, lease } = session;
  const known = tx.rows.get(ask.key);
  if (known?.owner === lease.owner) return sameAnswer(tx, known);
  const purgingUntil = tx.images.get(encodedIdOfKey(ask.key)).purgingUntil;
  if (purgingUntil > tx.now) return parkForPurge(known, purgingUntil);
  if (known === null) return claimUnknown(session, ask);
  if (ask.live && isOpen(known)) known.lane = LIVE;
  if (known.owner !== null) return { do: "duplicate" };
  known.hold = 0;
  known.sends = 0;
  return revive(session, known, ask) ?? act(session, known, ask, false);
}

/** The call was repeated: what it owns it is told again. */
function sameAnswer(tx: Tx, row: Row): Claim {
  if (row.state === STORED) return { do: "verify", gen: row.gen, floor: floorOf(tx, row) };
  return row.ittybitJob === null ? run(tx, row) : resume(tx, row, row.ittybitJob);
}

function parkForPurge(row: Row | null, until: number): Claim {
  if (row !== null && row.owner === null) {
    row.due = until;
    row.hold = 0;
    row.sends = 0;
  }
  return { do: "parked", until };
}

/** Rows are born here only from views, while their lane is open and the image has not had too many today. */
function claimUnknown(session: Session, ask: Ask): Claim {
  const { tx } = session;
  if (!ask.live) return { do: "drop", reason: "unknown" };
  const closed = laneClosed(tx.gate, tx.config, LIVE, tx.now);
  if (closed !== null && !(closed.code === "breaker" && probeFree(tx.gate, tx.now))) {
    return { do: "drop", reason: closed.code === "paused" ? "paused" : "closed" };
  }
  const image = tx.images.get(encodedIdOfKey(ask.key));
  const today = Math.floor(tx.now / DAY_MS);
  const born = image.liveDay === today ? image.liveRows : 0;
  if (born >= tx.config.limits.liveRowsPerImageDay || session.liveOpen >= LIVE_OPEN_MAX)
    return { do: "drop", reason: "capped" };
  image.liveDay = today;
  image.liveRows = born + 1;
  session.liveOpen += 1;
  tx.counters.count("accepted");
  return act(session, tx.insert(ask.key, LIVE), ask, true);
}

/** Ended rows: an answer, or null when a view has ordered the row anew. */
function revive(session: Session, row: Row, ask: Ask): Claim | null {
  const { tx } = session;
  if (row.state === STORED) {
    if (!ask.live || ask.at <= row.storedAt) return { do: "done" };
    own(session, row);
    return { do: "verify", gen: row.gen, floor: floorOf(tx, row) };
  }
  if (row.state === DEAD || row.state === REFUSED) {
    if (!ask.live || row.deadUntil > tx.now) return { do: "drop", reason: "dead" };
  } else if (row.state !== CANCELLED) {
    if (!forsaken(tx.runs, row)) return null;
    cancelRow(tx, row);
    return { do: "drop", reason: "cancelled" };
  } else if (!ask.live) {
    return { do: "drop", reason: "cancelled" };
  }
  tx.runs.leave(row);
  orderAnew(tx, row);
  row.lane = LIVE;
  return null;
}

/** Open rows: wait, resume, or run if the gate lets them. */
function act(session: Session, row: Row, ask: Ask, born: boolean): Claim {
  const { tx } = session;
  // A queued row waits for the gate, which is asked below: a viewer does not wait for a time that was set for bulk.
  if (row.due > tx.now && !(ask.live && row.state === QUEUED)) return { do: "parked", until: row.due };
  if (row.ittybitJob !== null) {
    own(session, row);
    row.state = PROCESSING;
    return resume(tx, row, row.ittybitJob);
  }
  const closed = laneClosed(tx.gate, tx.config, row.lane, tx.now);
  const probing = closed?.code === "breaker" && probeFree(tx.gate, tx.now);
  if (closed !== null && !probing) return { do: "parked", until: closed.until ?? tx.now + PARKED_HINT_MS };
  if (row.granted !== NOT_GRANTED && tx.now - row.grantedAt > IDEMPOTENCY_MS) newGeneration(tx, row);
  return parkForSlot(session, row) ?? grant(session, row, { probing, born });
}

/**
 * Parks a row when there is no slot, no token soon, or another suspect in this claim. Only a suspect's `due` is changed. For the
 * others the dispatcher counts slots and tokens and sends no wake-up before there are some: that saves a row written for each.
 */
function parkForSlot(session: Session, row: Row): Claim | null {
  const { tx } = session;
  const settings = settingsOf(tx.gate, tx.config);
  if (row.crashes > 0 && session.suspects > 0) {
    row.due = tx.now + session.suspects * SUSPECT_SPACING_MS;
    session.suspects += 1;
    return { do: "parked", until: row.due };
  }
  session.used ??= slotsUsed(tx);
  const needsSlot = row.granted === NOT_GRANTED;
  if (needsSlot && session.used >= slotLimit(settings, row.lane))
    return { do: "parked", until: tx.now + PARKED_HINT_MS };
  const token = nextToken(tx.gate, settings, tx.now);
  return token > tx.now + TOKEN_HORIZON_MS ? { do: "parked", until: token } : null;
}

function grant(session: Session, row: Row, how: { probing: boolean; born: boolean }): Claim {
  const { tx } = session;
  const settings = settingsOf(tx.gate, tx.config);
  own(session, row);
  row.due = nextToken(tx.gate, settings, tx.now);
  takeToken(tx.gate, settings, tx.now);
  if (how.probing) startProbe(tx.gate, row.gen, tx.now);
  if (row.crashes > 0) session.suspects += 1;
  if (row.granted === NOT_GRANTED) {
    spend(tx.gate, row.lane, tx.now, 1);
    row.granted = FIRST;
    row.grantedAt = tx.now;
    session.used = (session.used ?? 0) + 1;
    if (row.attempts === 0) tx.counters.time("wait", tx.now - row.created);
  } else {
    row.granted = AGAIN;
  }
  row.state = PROCESSING;
  return run(tx, row);
}

function own({ tx, lease }: Session, row: Row): void {
  row.owner = lease.owner;
  row.hold = 0;
  row.sends = 0;
  if (row.state !== STORED) row.due = tx.now;
  lease.seqs.add(row.seq);
}

function run(tx: Tx, row: Row): Claim {
  const granted = row.granted === FIRST ? "first" : "again";
  return {
    do: "run",
    gen: row.gen,
    floor: floorOf(tx, row),
    input: row.input,
    notBefore: row.due,
    attempts: row.attempts,
    granted,
  };
}

function resume(tx: Tx, row: Row, ittybitJob: string): Claim {
  const submittedAt = row.submittedAt || row.grantedAt;
  return { do: "resume", gen: row.gen, floor: floorOf(tx, row), ittybitJob, submittedAt, attempts: row.attempts };
}
