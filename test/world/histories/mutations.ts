import { MUTATIONS as PROMISE_MUTATIONS } from "../../../scripts/mutations/list.ts";
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

const OWN: Rule[] = [
  {
    name: "noclock",
    breaks: "P10: stored after cancelled",
    file: `${SRC}/making/handler-lease.ts`,
    find: "return !lost && until - clock.now() >= leftMs;",
    replace: "return true;",
    favourites: ["accept", "cancel", "force"],
  },
  {
    name: "cas",
    breaks: "P16: older bytes come back",
    file: `${SRC}/store/variants.ts`,
    find: 'onlyIf: before === null ? { etagDoesNotMatch: "*" } : { etagMatches: before.etag },',
    replace: "",
  },
  {
    name: "nofloor",
    breaks: "I5: a replaced original's old bytes count as stored",
    file: `${SRC}/making/run-jobs.ts`,
    find: "stored.gen >= claim.floor",
    replace: "stored.gen >= 0",
  },
  {
    name: "norecheck",
    breaks: "I6: a purged object comes back",
    file: `${LEDGER}/object/on-alarm.ts`,
    find: "for (const task of steps.purgesDue()) await runPurge(steps, deps, task);",
    replace:
      'for (const task of steps.purgesDue()) task.look === "second" ? steps.purgeEnd(task) : await runPurge(steps, deps, task);',
    favourites: ["race", "purge"],
  },
  {
    name: "nosweep",
    breaks: "P1: accepted work never ends",
    file: `${LEDGER}/object/on-alarm.ts`,
    find: "sweep: () => steps.sweep(),",
    replace: "sweep: () => undefined,",
  },
  {
    name: "nofence",
    breaks: "I5: who has lost the lease still settles",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "if (!live || outcome === undefined",
    replace: "if (outcome === undefined",
    favourites: ["accept", "force"],
  },
  {
    name: "nograce",
    breaks: "P10: a cancelled row's owner still puts",
    file: `${LEDGER}/protocol/rescue.ts`,
    find: "tx.now >= lease.until + LEASE_GRACE_MS",
    replace: "tx.now >= lease.until + 0 * LEASE_GRACE_MS",
    favourites: ["race"],
  },
  {
    name: "noagain",
    breaks: "P16: a new original under a leased row is forgotten",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (again === 0) return false;",
    replace: "if (again >= 0) return false;",
  },
  {
    name: "cancelkeepsolder",
    breaks: "I5: bytes from before a force count, because a cancel came too",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (intent === CANCEL) cancelRow(tx, row, slot);",
    replace: "if (intent === CANCEL) return false;",
    favourites: ["forcedAndCancelled"],
  },
  {
    name: "samegen",
    breaks: "P1: a failed job is replayed for ever under its own key",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (how.sameGen !== true) newGeneration(tx, row, how.slot);",
    replace: "row.ittybitJob = null; row.granted = NOT_GRANTED;",
  },
  {
    name: "retrygen",
    breaks: "P2: an unanswered POST repeated under a new key makes a second job",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "sameGen: row.unclear < UNCLEAR_MAX",
    replace: "sameGen: false",
  },
  {
    name: "noabandon",
    breaks: "I4: a job that is given up leaks its slot",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: 'if (row.granted !== NOT_GRANTED && slot === "kept") tx.abandon(row.gen, row.ittybitJob, tx.now + JOB_DEADLINE_MS);\n  row.gen',
    replace: "row.gen",
  },
  {
    name: "laterhandlerfrees",
    breaks: "I4: a later handler's word frees the slot of an earlier POST",
    file: `${LEDGER}/protocol/settle.ts`,
    find: "row.granted === FIRST && row.ittybitJob === null",
    replace: "row.ittybitJob === null",
    favourites: ["lostPost"],
  },
  {
    name: "reusedgen",
    breaks: "P16: a generation that starts again is handed the old job for a day",
    file: `${LEDGER}/tables/row.ts`,
    find: "gen: seq,",
    replace: "gen: 1_000 + key.length + key.charCodeAt(0) * 1_000 + key.charCodeAt(key.length - 1),",
  },
  {
    name: "purgeforgetsorders",
    breaks: "P1: an order given during a purge is lost with it",
    file: `${LEDGER}/protocol/transitions.ts`,
    find: "if (again === 1) orderAnew(tx, row, slot);\n    else deleteRow",
    replace: "deleteRow",
    favourites: ["accept", "purge"],
  },
  {
    name: "cancelsticks",
    breaks: "P10: a cancel takes what somebody was promised since",
    file: `${LEDGER}/protocol/accept.ts`,
    find: "if (row.intent === CANCEL) row.intent = NO_INTENT;",
    replace: "",
    favourites: ["accept", "cancel"],
  },
  {
    name: "uncounted",
    breaks: "P13: counters differ from rows",
    file: `${LEDGER}/tables/counters.ts`,
    find: "before?.state === after?.state && before?.lane === after?.lane",
    replace: "before?.state === after?.state",
  },
];

/** The rules of the ledger and the handler, and what the promises' list wants the histories to notice. */
export const RULES: Rule[] = [
  ...OWN,
  ...PROMISE_MUTATIONS.filter(({ tests }) => tests.some((test) => test.startsWith("test/world/histories/"))).map(
    ({ promise, breaks, file, find, replace }) => ({ name: breaks, breaks: promise, file, find, replace }),
  ),
];
