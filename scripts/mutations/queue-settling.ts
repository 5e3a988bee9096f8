import { at, breaks, type Mutation } from "./mutation.ts";

const QUEUE = "packages/durable-queue/src";
const QUEUE_TESTS = "packages/durable-queue/test";
const EXPLORER = `${QUEUE_TESTS}/explorer.test.ts`;
const SIMULATED = "workers/consumer/test/queue";
const WORLD = "test/world";
const CONSUMER = "workers/consumer/src";

/** The end of a claim: outcomes, transitions of a row, and leases that run out. */
export const QUEUE_SETTLING: readonly Mutation[] = [
  ...at({ file: `${QUEUE}/claims/leases.ts`, tests: [`${SIMULATED}/leases.test.ts`] }, [
    breaks(
      "P1",
      "a job that was cancelled in the hand of a handler that an eviction has forgotten stays open for ever",
      {
        find: "  endForgotten(tx);\n",
        replace: "",
        tests: [`${SIMULATED}/settle.test.ts`],
      },
    ),
    breaks("P1", "what a dead handler held is never taken back", {
      find: "if (isLive(owner, now)) continue;",
      replace: "if (isLive(owner, 0)) continue;",
      tests: [EXPLORER],
    }),
    breaks("P8", "workers that died before the clock went back count as at work for as long", {
      find: "  for (const owner of memory.claims.owners()) owner.until -= ms;\n",
      replace: "",
      tests: [`${WORLD}/ledger-clock.test.ts`],
    }),
    breaks("P6", "an outage of the ledger counts crashes of innocent jobs", {
      find: "endLease(tx, owner, owner.instance === memory.startedAt && isAwake);",
      replace: "endLease(tx, owner, owner.instance === memory.startedAt || isAwake);",
    }),
    breaks("P6", "a crash is counted for a job that merely waits for Ittybit", {
      find: "return claim.externalId === null || claim.foundByPoller || memory.finishToldTo.has(claim.gen);",
      replace: "return true;",
    }),
    breaks("P6", "a job that kills its workers goes on for ever", {
      find: "if (row.crashes <= LONE_CRASHES) return false;",
      replace: "if (row.crashes > 0) return false;",
    }),
    breaks("P6", "no crash is counted for a handler that dies at its POST once its job was found", {
      find: "claim.externalId === null || claim.foundByPoller || ",
      replace: "claim.externalId === null || ",
      tests: [`${SIMULATED}/found-jobs.test.ts`],
    }),
    breaks("P6", "an outage counts crashes", {
      find: "endLease(tx, owner, owner.instance === memory.startedAt && isAwake);",
      replace: "endLease(tx, owner, true);",
      tests: [],
      histories: { rule: "blame", favourites: ["outage", "accept"] },
    }),
    breaks("P6", "poison goes on killing", {
      find: "if (row.crashes <= LONE_CRASHES) return false;",
      replace: "return false;",
      tests: [],
      histories: { rule: "forgiving", favourites: ["poison", "accept"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/settle.ts`, tests: [`${SIMULATED}/settle.test.ts`] }, [
    breaks("P2", "a failed job is asked for again under its own key", {
      find: `    endClaim(tx, claim, over, failure.code);
    newGeneration(tx, row);`,
      replace: "    endClaim(tx, claim, over, failure.code);",
      tests: [EXPLORER],
      histories: { rule: "samegen" },
    }),
    breaks("P2", "an unclear POST is repeated under a new generation", {
      find: "row.unclear >= UNCLEAR_MAX) {",
      replace: "row.unclear >= 1) {",
      histories: { rule: "retrygen", favourites: ["lostPost", "accept"] },
    }),
    breaks("P5", "a 429 counts as an attempt", {
      find: '    case "wait":\n',
      replace: '    case "wait":\n      row.attempts += outcome.what === "job" ? 0 : 1;\n',
    }),
    breaks("P8", 'a later handler\'s "made no job" is believed', {
      find: 'outcome.external === "none" && claim.first && claim.externalId === null',
      replace: 'outcome.external === "none" && claim.externalId === null',
      histories: { rule: "laterfree", favourites: ["lostPost"] },
    }),
    breaks("P16", "a purge misses a copy that was on its way", {
      find: "    else if (genOf(outcome, gen) === gen) tx.storedTooLate(id, gen);\n",
      replace: "",
      tests: [`${WORLD}/copy-under-way.test.ts`],
    }),
    breaks("P16", "the ledger counts any object as present", {
      find: " && madeGen >= floorOf(tx, row)",
      replace: "",
    }),
    breaks("P16", "the outcome of an older generation is taken", {
      find: "if (row === null || isStale(row, claim)) {",
      replace: "if (row === null) {",
      histories: { rule: "nostale", favourites: ["force", "replace", "accept"] },
    }),
    breaks("P16", "an object stored below a purge while it looked stays", {
      find: "    if (isOwn) tx.storedTooLate(claim.id, claim.gen);\n",
      replace: "",
      tests: [`${CONSUMER}/images/purge.test.ts`],
    }),
    breaks("P8", "a job that a later handler failed on, and that runs still, frees its slot", {
      find: 'outcome.external === "ended" || isOwn',
      replace: 'outcome.kind === "retry" || isOwn',
    }),
    breaks("P11", "a row that has ended keeps its claim, and housekeeping deletes the row", {
      find: "  if (isDead) endClaim(tx, claim, over, failure.code);\n  else if",
      replace: "  if (!isDead)\n    if",
    }),
    breaks("P17", "an attempt that failed for another cause counts as the first failure at Ittybit", {
      find: "({ code }) => code === failure.code",
      replace: "({ code }) => code !== null",
    }),
    breaks("P17", "a result that cannot be fetched is never given up", {
      find: "  if (ofJob?.unfetched !== undefined) claim.unfetchedSince ??= tx.now;\n",
      replace: "",
      tests: [`${SIMULATED}/unfetched.test.ts`, `${WORLD}/failing-results.test.ts`],
    }),
    breaks("P1", "a try of a result that says nothing of the host keeps the others waiting", {
      find: "externalId !== null && !memory.isEnded(gen) && ",
      replace: "externalId !== null && memory !== null && gen > 0 && ",
      tests: [`${SIMULATED}/unfetched.test.ts`],
    }),
    breaks("P17", "results that are given up are tried one after the other without a wait", {
      find: "if (claim.unfetchedSince !== null) noteGivenUp(",
      replace: "if (tx.now < 0) noteGivenUp(",
      tests: [`${SIMULATED}/unfetched.test.ts`],
    }),
    breaks("P11", "a call that has ended keeps its slot while it waits", {
      find: 'outcome.external === "ended" || isOwn',
      replace: "isOwn",
      tests: [EXPLORER],
    }),
    breaks("P8", "a job that is done keeps its slot", {
      find: "  endClaim(tx, claim, settling.over, null);\n",
      replace: "",
      tests: [EXPLORER],
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/transitions.ts`, tests: [`${SIMULATED}/settle.test.ts`] }, [
    breaks("P13", "a run that a job leaves in the call that cancels it counts it as open for ever", {
      find: "for (const n of leaves) tx.runs.move(n, before, end);",
      replace: "",
      tests: [`${CONSUMER}/images/new-original.test.ts`],
    }),
    breaks("P1", "a retry stays in its run, which may be cancelled", {
      find: "  tx.runs.unsubscribe(row);\n  row.run = run;\n",
      replace: "",
      tests: [`${SIMULATED}/accept.test.ts`],
      histories: { rule: "retrystay", favourites: ["accept", "cancelRun", "retry", "retryAll"] },
    }),
    breaks("P2", "a stale claim of a live owner does not block its row", {
      find: "if (claim !== null && (claim.owner === null || !hasRow(claim))) endClaim",
      replace: "if (claim !== null) endClaim",
      tests: [`${CONSUMER}/images/new-original.test.ts`],
    }),
    breaks("P7", "attempts are not kept", {
      find: "tx.addAttempt(failedAttempt(row, failure, { now: tx.now, claim }));",
      replace: "failedAttempt(row, failure, { now: tx.now, claim });",
    }),
    breaks("P8", "a job that is given up is not abandoned", {
      find: 'if (claim.state !== "admitted" || ended || memory.isEnded(claim.gen))',
      replace: "if (true as boolean)",
      histories: { rule: "noabandon" },
    }),
    breaks("P10", "cancelled is shown while its owner may still store it", {
      find: "if (claim === null || claim.owner === null) cancelRow(tx, row);",
      replace: 'if (claim === null || claim.owner === null || claim.state === "admitted") cancelRow(tx, row);',
      tests: [EXPLORER],
      histories: { rule: "cancelnow", favourites: ["accept", "cancel"] },
    }),
    breaks("P10", "cancelled is shown while a copy of it may still be put", {
      find: "if (claim === null || claim.owner === null) cancelRow(tx, row);",
      replace: 'if (claim === null || claim.owner === null || claim.state === "prefetched") cancelRow(tx, row);',
      tests: [`${WORLD}/copy-under-way.test.ts`],
      histories: { rule: "copyfreed", favourites: ["copyCancelled"] },
    }),
    breaks("P10", "an eviction forgets who was looking at what is to be cancelled", {
      find: "    tx.memory.claims.keep(claim);\n",
      replace: "",
      tests: [`${WORLD}/copy-under-way.test.ts`],
      histories: { rule: "unkept", favourites: ["copyCancelled"] },
    }),
    breaks("P11", "after a restore rows keep numbers that may have been used since", {
      find: "if (row.gen < tx.memory.meta.restored) newGeneration(tx, row);",
      replace: "",
      tests: [`${SIMULATED}/leases.test.ts`],
      histories: { rule: "restoredgen", favourites: ["replacedAndPutBack"] },
    }),
    breaks("P1", "I2: what a stale claim blocked stays cancelling", {
      find: "  if (row?.state === CANCELLING) cancelRow(tx, row);\n",
      replace: "",
      tests: [],
      histories: { rule: "stalecancel", favourites: ["forcedAndCancelled"] },
    }),
    breaks("P10", "I2: a new generation lets go who was to say that it has stopped", {
      find: "(claim.owner === null || !hasRow(claim)))",
      replace: '(claim.owner === null || claim.state === "prefetched"))',
    }),
  ]),
];
