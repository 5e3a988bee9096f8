import type { Happening } from "./history.ts";
import type { HandlerMutation } from "./world.ts";

/** One rule switched off. `find` must stand in `file` exactly once; histories played over the changed ledger must then break `breaks`. */
export interface Mutation {
  name: string;
  /** The promise or invariant of docs/protocol.md that it breaks. */
  breaks: string;
  /** In the ledger's folder; absent for a rule of the handler or of R2, which the model world switches itself. */
  file?: string;
  find?: string;
  replace?: string;
  handler?: HandlerMutation;
  /** Happenings that try this rule hard; default: all kinds. */
  kinds?: readonly Happening["kind"][];
}

export const MUTATIONS: Mutation[] = [
  {
    name: "noclock",
    breaks: "P10: stored after cancelled",
    handler: "noclock",
    kinds: ["accept", "cancel", "cancel", "force"],
  },
  { name: "cas", breaks: "P16: older bytes come back", handler: "cas" },
  { name: "nofloor", breaks: "I5: a replaced original's old bytes count as stored", handler: "nofloor" },
  {
    name: "norecheck",
    breaks: "I6: a purged object comes back",
    handler: "norecheck",
    kinds: ["accept", "purge", "force"],
  },
  { name: "nosweep", breaks: "P1: accepted work never ends", handler: "nosweep" },
  {
    name: "nofence",
    breaks: "I5: who has lost the lease still settles",
    file: "protocol/settle.ts",
    find: "if (!live || outcome === undefined",
    replace: "if (outcome === undefined",
    kinds: ["accept", "force"],
  },
  {
    name: "nograce",
    breaks: "P10: a cancelled row's owner still puts",
    file: "protocol/rescue.ts",
    find: "tx.now >= lease.until + LEASE_GRACE_MS",
    replace: "tx.now >= lease.until + 0 * LEASE_GRACE_MS",
    kinds: ["accept", "cancel", "cancel", "force"],
  },
  {
    name: "noagain",
    breaks: "P16: a new original under a leased row is forgotten",
    file: "protocol/transitions.ts",
    find: "if (again === 0) return false;",
    replace: "if (again >= 0) return false;",
  },
  {
    name: "cancelkeepsolder",
    breaks: "I5: bytes from before a force count, because a cancel came too",
    file: "protocol/transitions.ts",
    find: "if (intent === CANCEL) cancelRow(tx, row, slot);",
    replace: "if (intent === CANCEL) return false;",
    kinds: ["accept", "cancel", "cancel", "force"],
  },
  {
    name: "samegen",
    breaks: "P1: a failed job is replayed for ever under its own key",
    file: "protocol/transitions.ts",
    find: "if (how.sameGen !== true) newGeneration(tx, row, how.slot);",
    replace: "row.upstream = null; row.granted = NOT_GRANTED;",
  },
  {
    name: "retrygen",
    breaks: "P2: an unanswered POST repeated under a new key makes a second job",
    file: "protocol/settle.ts",
    find: "sameGen: row.unclear < UNCLEAR_MAX",
    replace: "sameGen: false",
  },
  {
    name: "noabandon",
    breaks: "I4: a job that is given up leaks its slot",
    file: "protocol/transitions.ts",
    find: 'if (row.granted !== NOT_GRANTED && slot === "kept") tx.abandon(row.gen, row.upstream, tx.now + JOB_DEADLINE_MS);\n  row.gen',
    replace: "row.gen",
  },
  {
    name: "laterhandlerfrees",
    breaks: "I4: a later handler's word frees the slot of an earlier POST",
    file: "protocol/settle.ts",
    find: "row.granted === FIRST && row.upstream === null",
    replace: "row.upstream === null",
    kinds: ["accept", "force"],
  },
  {
    name: "reusedgen",
    breaks: "P16: a generation that starts again is handed the old job for a day",
    file: "tables/row.ts",
    find: "gen: seq,",
    replace: "gen: 1_000 + key.length + key.charCodeAt(0) * 1_000 + key.charCodeAt(key.length - 1),",
  },
  {
    name: "purgeforgetsorders",
    breaks: "P1: an order given during a purge is lost with it",
    file: "protocol/transitions.ts",
    find: "if (again === 1) orderAnew(tx, row, slot);\n    else deleteRow",
    replace: "deleteRow",
    kinds: ["accept", "purge"],
  },
  {
    name: "cancelsticks",
    breaks: "P10: a cancel takes what somebody was promised since",
    file: "protocol/accept.ts",
    find: "if (row.intent === CANCEL) row.intent = NO_INTENT;",
    replace: "",
    kinds: ["accept", "cancel"],
  },
  {
    name: "uncounted",
    breaks: "P13: counters differ from rows",
    file: "tables/counters.ts",
    find: "before?.state === after?.state && before?.lane === after?.lane",
    replace: "before?.state === after?.state",
  },
];
