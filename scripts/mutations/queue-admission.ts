import { at, breaks, type Mutation } from "./mutation.ts";

const QUEUE = "packages/durable-queue/src";
const QUEUE_TESTS = "packages/durable-queue/test";
const SIMULATED = "workers/consumer/test/queue";
const WORLD = "test/world";
const CONSUMER = "workers/consumer/src";

/** Admission: the gate, the slots and the budget, which say how many jobs may run. */
export const QUEUE_ADMISSION: readonly Mutation[] = [
  ...at({ file: `${QUEUE}/admission/auto-gate.ts`, tests: [`${QUEUE_TESTS}/auto-gate.test.ts`] }, [
    breaks("P5", "each 429 of one burst lowers a limit", {
      find: "  if (gate.now - auto.refusedAt < BURST_MS) return;\n",
      replace: "",
    }),
    breaks("P8", "a limit rises that holds no job back", {
      find: "gate.now - gate.memory.auto.limitedAt[name] <= LATELY_MS",
      replace: "true",
    }),
  ]),
  ...at({ file: `${QUEUE}/admission/bucket.ts`, tests: [`${CONSUMER}/images/misses.test.ts`] }, [
    breaks("P8", "unknown ids have no rate of their own", { find: "level: left ?? filled", replace: "level: filled" }),
  ]),
  ...at({ file: `${QUEUE}/admission/gate.ts`, tests: [`${QUEUE_TESTS}/gate.test.ts`] }, [
    breaks("P5", "a 429 does not close the gate", {
      find: "state.throttledUntil = Math.max(state.throttledUntil, until);",
      replace: "",
    }),
    breaks("P5", "a paused lane's jobs go all the same", {
      find: 'if (pause !== null) return { code: "paused", until: pause.until };',
      replace: "",
    }),
    breaks("P8", "the gate stands still for as long as the clock went back", {
      find: "  tokens.at = back(tokens.at);\n",
      replace: "",
      tests: [`${WORLD}/ledger-clock.test.ts`],
    }),
    breaks("P8", "Ittybit's Retry-After lasts as much longer as the clock went back", {
      find: "  state.throttledUntil = back(state.throttledUntil);\n",
      replace: "",
      tests: [`${WORLD}/ledger-clock.test.ts`],
    }),
    breaks("P8", "a breaker that was closed by hand opens at the next bad answer", {
      find: "  memory.answers = { since: now, good: 0, bad: 0 };\n  memory.unfetched.clear();",
      replace: "  memory.unfetched.clear();",
    }),
    breaks("P8", "slots are not asked for", {
      find: "if (ask.slots !== null && isFull(gate, ask.lane, ask.slots))",
      replace: "if (false as boolean)",
    }),
    breaks("P8", "tokens are not taken", { find: "level: tokens(gate) - 1,", replace: "level: tokens(gate)," }),
    breaks("P9", "bulk leaves no slot to viewers", {
      find: "if (laneRule(gate.config.lanes, lane).background !== true) return all;",
      replace: "if (lane !== undefined) return all;",
    }),
    breaks("P17", "that Ittybit takes a job closes a breaker which waits for results", {
      find: "isProbe(gate, gen) && gate.state.breaker.results !== true",
      replace: "isProbe(gate, gen)",
      tests: [`${SIMULATED}/unfetched.test.ts`],
    }),
    breaks("P17", "while no result can be fetched, all are tried all the time", {
      find: "return now < probeAt(breaker) ? 0 : 1;",
      replace: "return Number.POSITIVE_INFINITY;",
      tests: [`${SIMULATED}/unfetched.test.ts`],
    }),
    breaks("P17", "while no result can be fetched, all are tried once the wait is over", {
      find: "if (allowed === 1) gate.state.breaker.probe = { gen, until: gate.now + LEASE_MS };",
      replace: "",
      tests: [`${SIMULATED}/unfetched.test.ts`],
    }),
    breaks("P6", "slots of jobs that nobody has told take all there are", {
      find: "Math.min(unreported, Math.floor(own / 2))",
      replace: "Math.min(unreported, own)",
      tests: [`${WORLD}/unheard-jobs.test.ts`],
    }),
    breaks("P8", "slots of jobs that nobody has told have no bound", {
      find: " || used >= all + Math.floor(all / 2);",
      replace: ";",
      histories: { rule: "unbounded", favourites: ["lostPost", "accept", "force"] },
    }),
    breaks("P8", "I4: the cap of unreported slots applies to reported ones", {
      find: "const counted = used - unreported + Math.min(unreported, Math.floor(own / 2));",
      replace: "const counted = Math.min(used, Math.floor(own / 2));",
      tests: [],
      histories: { rule: "uncapped", favourites: ["accept"] },
    }),
    breaks("P8", "P8: the month's budget is not asked", {
      find: "if (!isRepeated && budgetLeft(gate, lane) <= 0)",
      replace: "if (false as boolean)",
      tests: [],
      histories: { rule: "overbudget", favourites: ["budget", "accept"] },
    }),
    breaks("P8", "P8: an open breaker lets everything through once its time is past", {
      find: 'if (breaker.state === "open") breaker.probe = { gen: ask.gen, until: gate.now + LEASE_MS };',
      replace: "",
      tests: [],
      histories: { rule: "allprobes", favourites: ["lostPost", "accept"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/lanes.ts`, tests: [`${QUEUE_TESTS}/lanes.test.ts`] }, [
    breaks("P9", "the first lane counts as urgent in every queue", {
      find: "return first?.urgent === true ? URGENT : URGENT + 1;",
      replace: "return first === undefined ? URGENT + 1 : URGENT;",
    }),
  ]),
  ...at({ file: `${QUEUE}/intake/accept.ts`, tests: [`${QUEUE_TESTS}/lanes.test.ts`] }, [
    breaks("P10", "a cancelled run takes more jobs of the background lane", {
      find: "if (cancelled && laneRule(tx.lanes, name).background)",
      replace: "if (cancelled && laneRule(tx.lanes, name).urgent)",
    }),
  ]),
  ...at({ file: `${QUEUE}/admission/budget.ts`, tests: [`${QUEUE_TESTS}/gate.test.ts`] }, [
    breaks("P8", "the budget does not stop warming before it stops viewers", {
      find: "return Math.min(budget.month - all, shareOf(gate, lane).jobs - usedOfShare(gate, lane, used));",
      replace: "return budget.month - all;",
    }),
    breaks("P8", "viewers' misses may spend the month's budget in a day", {
      find: "return Math.min(monthLeft(gate, lane), dayLeft(gate, lane));",
      replace: "return monthLeft(gate, lane);",
    }),
    breaks("F4", "viewers have no share of the month", {
      find: "jobs: Math.floor(budget.month * share.month)",
      replace: "jobs: budget.month",
    }),
    breaks("F4", "viewers may spend their share on one day", {
      find: "Math.ceil(jobs * day)",
      replace: "jobs",
    }),
    breaks("P8", "each lane of a share may spend it alone", {
      find: "one.share === share ?",
      replace: "one.name === lane ?",
      tests: [`${QUEUE_TESTS}/lanes.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/memory/gate-memory.ts`, tests: [`${SIMULATED}/pace.test.ts`] }, [
    breaks("P17", "the first short jobs wake workers for a rate that never comes", {
      find: "Math.max(learned, TYPICAL_MS)",
      replace: "learned",
    }),
  ]),
  ...at({ file: `${QUEUE}/admission/backoff.ts`, tests: [`${SIMULATED}/pure.test.ts`] }, [
    breaks("P5", "chance brings all attempts of a job within seconds of its origin's outage", {
      find: "Math.floor(half + half * random)",
      replace: "Math.floor(2 * half * random)",
    }),
    breaks("P11", "a call that reports a failure gets the job again, and counts twice to a new instance", {
      find: "Math.max(1, backoff(",
      replace: "Math.max(0, backoff(",
      tests: [`${SIMULATED}/exchange.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/admission/origins.ts`, tests: [`${SIMULATED}/origins.test.ts`] }, [
    breaks("P5", "one image that its origin refuses pauses all others", {
      find: "failing.groups.size >= ALL_FAIL.many ||",
      replace: "failing.groups.size >= 1 ||",
    }),
    breaks("P5", "a failing origin is asked by all that wait, once its pause is over", {
      find: "breaker.probe = { gen, until: tx.now + LEASE_MS };",
      replace: "breaker.probe = null;",
    }),
    breaks("P5", "jobs that failed before the pause prolong it", {
      find: "before.probe?.gen !== gen",
      replace: "before.probe === undefined",
    }),
    breaks("P5", "an origin that answers again stays paused", {
      find: "  failing.delete(origin);\n  delete tx.gate.origins[origin];\n",
      replace: "  failing.delete(origin);\n",
    }),
    breaks("P1", "a probe that says nothing of its origin keeps the others waiting", {
      find: "if (breaker !== undefined) breaker.probe = null;",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/admission/slots.ts`, tests: [`${SIMULATED}/settle.test.ts`] }, [
    breaks("P8", "abandoned jobs have no slots", {
      find: `    taken.used += 1;
    taken.abandoned += 1;
    if (externalId === null) taken.unreported += 1;`,
      replace: "    if (externalId === null) taken.unreported += 0;",
    }),
    breaks("P8", "after an eviction all jobs count as ended", {
      find: 'if (claim.state !== "admitted" || memory.isEnded(claim.gen)) continue;',
      replace:
        'if (claim.state !== "admitted" || memory.isEnded(claim.gen) || claim.admittedAt <= memory.startedAt) continue;',
      tests: [`${SIMULATED}/exchange.test.ts`],
    }),
    breaks("P8", "right after an eviction the slots of jobs that have owners count half", {
      find: "now - Math.max(admittedAt, memory.startedAt) > UNHEARD_MS",
      replace: "now - admittedAt > UNHEARD_MS",
      tests: [`${SIMULATED}/found-jobs.test.ts`],
    }),
    breaks("P8", "calls that last longer than ten seconds count half", {
      find: "return tx.hasExternalJobs ? taken : { ...taken, unreported: 0 };",
      replace: "return taken;",
      tests: [`${QUEUE_TESTS}/run-jobs.test.ts`],
    }),
  ]),
];
