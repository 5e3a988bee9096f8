import type { Favourites } from "./commands.ts";

/** One rule switched off. `find` must stand in `file` exactly once; histories played over the changed code must then break `breaks`. */
export interface Rule {
  name: string;
  /** The promise or invariant of docs/protocol.md that it breaks. */
  breaks: string;
  file: string;
  find: string;
  replace: string;
  /** Happenings that try this rule hard; default: all alike. */
  favourites?: Favourites;
}

const SRC = "workers/consumer/src";
const LEDGER = `${SRC}/ledger`;

/** The rules of the ledger and the handler. */
export const RULES: Rule[] = [
  {
    name: "samegen",
    breaks: "same generation after a failure",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "      newGeneration(tx, row);\n      fail(tx, row, { entry, failure: outcome.failure",
    replace: "      fail(tx, row, { entry, failure: outcome.failure",
  },
  {
    name: "retrygen",
    breaks: "P2: an unclear POST goes on under a new generation",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "if (row.unclear >= UNCLEAR_MAX) {",
    replace: "if (row.unclear >= 1) {",
    favourites: ["lostPost", "accept"],
  },
  {
    name: "oldkey",
    breaks: "I3: a key older than a day is used again",
    file: `${LEDGER}/protocol/hand-out.ts`,
    find: "return entry.job === null && tx.now - entry.grantedAt > IDEMPOTENCY_MS;",
    replace: "return false;",
    favourites: ["overnight", "overnight"],
  },
  {
    name: "seqback",
    breaks: "I3: numbers go on from the restored copy",
    file: `${LEDGER}/protocol/restored.ts`,
    find: "  tx.memory.numbers.raise(tx.sql, numberAbove(tx.now));\n",
    replace: "",
    favourites: ["copyOrPutBack", "accept"],
  },
  {
    name: "restoredgen",
    breaks: "I3: rows from before a restore keep their number",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (row.gen < tx.memory.meta.restored) newGeneration(tx, row);",
    replace: "",
    favourites: ["copyOrPutBack", "accept", "replace"],
  },
  {
    name: "nostale",
    breaks: "I5: an outcome of an older generation is taken for the row",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "if (row === null || isStale(row, entry)) {",
    replace: "if (row === null) {",
    favourites: ["force", "replace", "accept"],
  },
  {
    name: "noabandon",
    breaks: "I4: a generation given up gives its slot back at once",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (entry.granted && !ended && !memory.isEnded(entry.gen))",
    replace: "if (false as boolean)",
  },
  {
    name: "laterfree",
    breaks: "I4: a later handler's word frees the slot of an earlier POST",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "madeNoJob(outcome) && entry.first && entry.job === null",
    replace: "madeNoJob(outcome) && entry.job === null",
    favourites: ["lostPost"],
  },
  {
    name: "freshslots",
    breaks: "I4: after an eviction every granted job counts as ended",
    file: `${LEDGER}/protocol/memory.ts`,
    find: "return this.sights.has(gen);",
    replace: "return this.sights.has(gen) || gen < this.born * 1000;",
    favourites: ["evict", "accept"],
  },
  {
    name: "stuck",
    breaks: "a job shown to run is made again",
    file: `${LEDGER}/protocol/collected.ts`,
    find: "for (const job of found.absent) {",
    replace: "for (const job of [...found.absent, ...found.pending]) {",
  },
  {
    name: "slowslot",
    breaks: "I4: a slow job that was given up loses its slot",
    file: `${LEDGER}/tables/abandoned.ts`,
    find: "return job === null && until < now;",
    replace: "return until < now;",
    favourites: ["slowAndForced"],
  },
  {
    name: "nofence",
    breaks: "I5: who has lost the lease still settles",
    file: `${LEDGER}/protocol/exchange.ts`,
    find: "} else if (!isLive(hand, now)) return null;",
    replace: "}",
    favourites: ["accept", "force"],
  },
  {
    name: "noclock",
    breaks: "I5: POST and put without 30 s of lease",
    file: `${SRC}/making/batch-context.ts`,
    find: "return leaseUntil - clock.now() >= LEASE_MIN_LEFT_MS;",
    replace: "return true;",
    favourites: ["race", "accept", "force"],
  },
  {
    name: "cancelnow",
    breaks: "I7: an owned row is shown cancelled at once",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (tx.memory.hands.holderOf(row.id) === null) cancelRow(tx, row);\n  else row.state = CANCELLING;",
    replace: "cancelRow(tx, row);",
    favourites: ["accept", "cancel"],
  },
  {
    name: "overlap",
    breaks: "I3: a row is handed out while its older generation is in a live hand",
    file: `${LEDGER}/protocol/hand-out.ts`,
    find: "if (row.state !== WAITING || tx.memory.hands.holderOf(row.id) !== null || isForsaken(tx, row)) return false;",
    replace:
      "if (row.state !== WAITING || tx.memory.hands.holderOf(row.id)?.entry.gen === row.gen || isForsaken(tx, row)) return false;",
    favourites: ["force", "accept"],
  },
  {
    name: "cas",
    breaks: "P16: a put is not conditional",
    file: `${SRC}/store/variants.ts`,
    find: 'onlyIf: before === null ? { etagDoesNotMatch: "*" } : { etagMatches: before.etag },',
    replace: "",
    favourites: ["race", "replace"],
  },
  {
    name: "earlychunk",
    breaks: "I2: a chunk is forgotten when its rows were handed out",
    file: `${LEDGER}/tables/fresh.ts`,
    find: "    chunk.queue = isFresh(this.#read(sql, chunk));",
    replace:
      '    chunk.queue = isFresh(this.#read(sql, chunk));\n    sql.exec("DELETE FROM fresh WHERE n = ?", chunk.n);',
  },
  {
    name: "notgivenback",
    breaks: "P1: a row that was given back is offered no more",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (row.due === null) tx.memory.fresh.giveBack(row.id);",
    replace: "",
  },
  {
    name: "stalecancel",
    breaks: "I2: what a stale entry blocked stays cancelling",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "  if (row?.state === CANCELLING) cancelRow(tx, row);\n  else if",
    replace: "  if",
    favourites: ["forcedAndCancelled"],
  },
  {
    name: "besidesuspect",
    breaks: "P1: what was offered beside a suspect is lost",
    file: `${LEDGER}/protocol/hand-out.ts`,
    find: "else backToWaiting(tx, row);",
    replace: "",
    favourites: ["poison", "accept", "pause", "resume"],
  },
  {
    name: "wakeonce",
    breaks: "P1: a wake-up is believed under way until somebody comes",
    file: `${LEDGER}/protocol/pace.ts`,
    find: "  memory.wakes = memory.wakes.filter(({ until }) => until > now);\n",
    replace: "",
  },
  {
    name: "retrystay",
    breaks: "P10: a retried row stays in its cancelled run",
    file: `${LEDGER}/protocol/retry-and-cancel.ts`,
    find: "  tx.runs.leave(row);\n",
    replace: "",
    favourites: ["accept", "cancelRun", "retry", "retryAll"],
  },
  {
    name: "nosweep",
    breaks: "P1: leases never end",
    file: `${LEDGER}/object/on-alarm.ts`,
    find: "sweep: () => steps.sweep(),",
    replace: "sweep: () => undefined,",
  },
  {
    name: "blame",
    breaks: "an outage accuses handlers",
    file: `${LEDGER}/protocol/leases.ts`,
    find: "leaveBehind(tx, hand, hand.born === memory.born && isAwake);",
    replace: "leaveBehind(tx, hand, true);",
    favourites: ["outage", "accept"],
  },
  {
    name: "company",
    breaks: "suspects run among others",
    file: `${LEDGER}/protocol/hand-out.ts`,
    find: "return row.crashes === 0 || one.hand.entries.size === 0;",
    replace: "return true;",
    favourites: ["poison", "accept"],
  },
  {
    name: "forgiving",
    breaks: "poison goes on killing",
    file: `${LEDGER}/protocol/leases.ts`,
    find: "if (row.crashes <= LONE_CRASHES) return false;",
    replace: "return false;",
    favourites: ["poison", "accept"],
  },
  {
    name: "nofloor",
    breaks: "I5: whatever lies in R2 counts as present",
    file: `${SRC}/making/prepare.ts`,
    find: "stored !== null && stored.gen >= floor",
    replace: "stored !== null && stored.gen >= 0",
  },
  {
    name: "norenew",
    breaks: "P16: a new original looks for nothing else in R2",
    file: `${LEDGER}/protocol/new-original.ts`,
    find: "  putRenewal(tx.sql, { seq: image.floor, id: original.id, lane, look: 1, at: tx.now });\n",
    replace: "",
    favourites: ["replace", "accept"],
  },
  {
    name: "norecheck",
    breaks: "I6: no second look after a purge",
    file: `${LEDGER}/protocol/purge.ts`,
    find: "if (look === 2 && purge.more === 0 && tx.now >= last) deletePurge(tx.sql, seq);",
    replace: "if (purge.more === 0) deletePurge(tx.sql, seq);",
    favourites: ["race", "purge"],
  },
  {
    name: "uncounted",
    breaks: "I8: counts differ from rows",
    file: `${LEDGER}/tables/tx.ts`,
    find: "if (before?.state !== counted || before?.lane !== row.lane) {",
    replace: "if (before?.state !== counted) {",
  },
  {
    name: "unfolded",
    breaks: "I8: sums of a document that is gone are lost",
    file: `${LEDGER}/tables/tx.ts`,
    find: "      mergeSums(this.#sums, hand.sums);\n",
    replace: "",
  },
  {
    name: "unasked",
    breaks: "P10: a second asker is forgotten",
    file: `${LEDGER}/protocol/cancel-run.ts`,
    find: "if (next === undefined && row.lane !== LIVE) {",
    replace: "if (row.lane !== LIVE) {",
    favourites: ["accept", "cancelRun"],
  },
  {
    name: "overbudget",
    breaks: "P8: the month's budget is not asked",
    file: `${LEDGER}/protocol/gate.ts`,
    find: "if (!isRepeated && budgetLeft(gate, lane) <= 0)",
    replace: "if (false as boolean)",
    favourites: ["budget", "accept"],
  },
  {
    name: "allprobes",
    breaks: "P8: an open breaker lets everything through once its time is past",
    file: `${LEDGER}/protocol/gate.ts`,
    find: 'if (breaker.state === "open") breaker.probe = { gen: ask.gen, until: gate.now + LEASE_MS };',
    replace: "",
    favourites: ["lostPost", "accept"],
  },
];
