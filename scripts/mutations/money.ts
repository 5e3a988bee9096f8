import type { Mutation } from "./promises.ts";

const CHARGE = "packages/durable-queue/src/claims/charge.ts";
const COSTS = "workers/consumer/src/ledger/views/costs.test.ts";

const of = (breaks: string, file: string, find: string, replace: string, tests: string[]): Mutation => {
  return { promise: "P13", breaks, file, find, replace, tests };
};

/* What things cost is what the budget paid. */
export const MONEY: Mutation[] = [
  of("a refund stays a cost", CHARGE, "tx.addCost(places, paidOn(claim), [-1, 0, 0]);", "", [COSTS]),
  of(
    "a refunded job counts as a mistake",
    CHARGE,
    'claim.state === "admitted" && !claim.refunded',
    'claim.state === "admitted"',
    [COSTS],
  ),
  of(
    "a refund after an eviction has no place",
    CHARGE,
    "claim.places ?? tx.costPlaces(tx.rows.byId(claim.id) ?? UNKNOWN)",
    "claim.places ?? []",
    [COSTS],
  ),
  of(
    "a folder too many is forgotten",
    "packages/durable-queue/src/schema/costs.ts",
    "addPlace(day, known, cost);",
    "if (!isFull) addPlace(day, known, cost);",
    ["packages/durable-queue/test/costs.test.ts"],
  ),
  of(
    "an image costs nothing for its failed attempts",
    "packages/durable-queue/src/claims/settle.ts",
    "return own + listAttempts(tx.sql, row.id).filter(({ n, job }) => n <= row.attempts && job !== null).length;",
    "return own;",
    [COSTS],
  ),
  of(
    "a list of images looks every stored image up",
    "workers/consumer/src/ledger/views/image-list.ts",
    "all.slice(0, limit + LOOKED_AT)",
    "all.slice()",
    ["workers/consumer/test/queue/rows-read.test.ts"],
  ),
  of(
    "a later pass of an older purge ends a newer one",
    "workers/consumer/src/images/purge-record.ts",
    "if (image.purged !== seq || image.purgeOrdered === null) return;",
    "",
    ["workers/consumer/src/api/purge-timeline.test.ts"],
  ),
];
