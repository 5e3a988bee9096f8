import { at, breaks, type Mutation } from "./mutation.ts";

const QUEUE = "packages/durable-queue/src";
const QUEUE_TESTS = "packages/durable-queue/test";
const EXPLORER = `${QUEUE_TESTS}/explorer.test.ts`;
const SIMULATED = "workers/consumer/test/queue";
const WORLD = "test/world";
const CONSUMER = "workers/consumer/src";

/** The queue's Durable Object: intake, alarms, wake-ups, what operators do, and the runner of calls. */
export const QUEUE_OBJECT: readonly Mutation[] = [
  ...at({ file: `${QUEUE}/tx/queue-tx.ts`, tests: [`${WORLD}/strangers/busy-machine.test.ts`] }, [
    breaks("P9", "a job that was accepted in a call is no work of that call", {
      find: "      if (after?.lane === lane && after.due !== null && waits(after.id)) at = Math.min(at, after.due);\n",
      replace: "      void after;\n",
    }),
  ]),
  ...at({ file: `${QUEUE}/object/transactions.ts`, tests: [`${WORLD}/ledger-clock.test.ts`] }, [
    breaks("P1", "a clock that goes back puts off what was accepted", {
      find: "memory.latest = Math.max(memory.latest, now);",
      replace: "memory.latest = now;",
    }),
  ]),
  ...at({ file: `${QUEUE}/intake/accept-chunk.ts`, tests: [`${SIMULATED}/prune.test.ts`] }, [
    breaks("P17", "a nearly full ledger takes new bulk", {
      find: "background && tx.sql.bytes > FULL_BYTES",
      replace: "!background && tx.sql.bytes > FULL_BYTES",
    }),
    breaks("L6", "a delivery of one chunk is not finished by it", {
      find: 'hash: finish?.hash ?? "",',
      replace: 'hash: "",',
      tests: [`${CONSUMER}/hooks/receive-hook.test.ts`],
    }),
    breaks("P2", "an enqueue that comes twice is accepted twice", {
      find: "  if (known !== null) {",
      replace: '  if (known !== null && known.hash !== "") {',
      tests: [EXPLORER],
    }),
    breaks("L6", "a lost answer makes a delivery a repeat", {
      find: "finish.hash === known.hash ? { ...told, finished: true } : told;",
      replace: 'finish.hash === "" ? { ...told, finished: true } : told;',
      tests: [`${CONSUMER}/api/hooks.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/intake/accept.ts`, tests: [`${CONSUMER}/console/actions.test.ts`] }, [
    breaks("P10", "a slow cancel takes what joined a waiting row after it", {
      find: "  row.created = tx.orderedAt(row.created);\n",
      replace: "",
    }),
    breaks("P10", "a cancel takes what somebody was promised since", {
      find: "if (row.state === CANCELLING) row.state = WAITING;",
      replace: "",
      tests: [`${SIMULATED}/settle.test.ts`],
    }),
    breaks("L13", "a cancel of its run gives a hook its jobs back", {
      find: "  named.accepted += asking.answer.accepted;",
      replace: "  if (run !== null) named.accepted += asking.answer.accepted;",
      tests: [`${CONSUMER}/api/hook-day.test.ts`],
    }),
    breaks("P16", "a forced row has no floor", {
      find: "if (asking.force) made.floor = made.gen;",
      replace: "",
      tests: [`${SIMULATED}/accept.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/object/alarm.ts`, tests: [`${SIMULATED}/engine.test.ts`] }, [
    breaks("P11", "an alarm that is past and never fires counts as set", {
      find: "return isLost ? null : this.#at;",
      replace: "return this.#at;",
    }),
    breaks("P11", "an alarm that is a minute late is taken for lost", {
      find: "this.#clock.now() - ALARM_LATE_MS - CLOCKS_MS",
      replace: "this.#clock.now()",
      tests: [`${SIMULATED}/on-alarm.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/intake/enqueue.ts`, tests: [`${QUEUE_TESTS}/job-queue.test.ts`] }, [
    breaks("P1", "a key that is open gets another payload and another time", {
      find: 'if (before[n] !== "open") begin',
      replace: "begin",
    }),
    breaks("P1", "a job is called before its time", {
      find: "if (at > tx.now) row.due = at;",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/tx/rows.ts`, tests: [`${QUEUE_TESTS}/run-jobs.test.ts`] }, [
    breaks("P1", "a key that is accepted again keeps the payload of its dead letter", {
      find: "if (payload !== null) {",
      replace: "if (payload === undefined) {",
    }),
  ]),
  ...at({ file: `${QUEUE}/object/alarm.ts`, tests: [`${SIMULATED}/on-alarm.test.ts`] }, [
    breaks("P17", "an idle ledger's alarm goes on", {
      find: "...(ends.length > 0 ? [now + BUSY_MS] : [])",
      replace: "now + BUSY_MS",
      tests: [EXPLORER],
    }),
    breaks("P8", "no alarm rings for a retry that is the only job left", {
      find: "    else if (at > tx.dueBy) times.push(at);",
      replace: "",
      tests: [`${QUEUE_TESTS}/run-jobs.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/object/on-alarm.ts`, tests: [`${SIMULATED}/engine.test.ts`] }, [
    breaks("P1", "what follows a change wakes nobody", {
      find: "{ wake: () => wake(transactions, deps), ...followUps }",
      replace: "followUps",
    }),
    breaks("P9", "a cancelled run keeps viewers waiting for all of its jobs", {
      find: "cancelSlices), SLICES_MAX",
      replace: "cancelSlices), 20",
      tests: [`${SIMULATED}/on-alarm.test.ts`],
    }),
    breaks("P1", "what an alarm has freed waits for the next one", {
      find: "    wake: () => wake(transactions, deps),\n",
      replace: "",
      tests: [EXPLORER],
    }),
    breaks("P1", "a duty that fails keeps the next alarm from being set", {
      find: '      log("queue.duty_failed", { duty, error: errorText(error) });\n',
      replace: "      throw error;\n",
    }),
    breaks("P1", "P1: leases never end", {
      find: "leases: () => transactions.write(expireLeases),",
      replace: "leases: () => undefined,",
      tests: [],
      histories: { rule: "nosweep" },
    }),
  ]),
  ...at({ file: `${QUEUE}/object/transactions.ts`, tests: [`${WORLD}/repeated-calls.test.ts`] }, [
    breaks("P11", "the ledger does the work of a call that it has heard", {
      find: "  if (before !== null) return JSON.parse(before.answer) as R;\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/client.ts`, tests: [`${QUEUE_TESTS}/run-jobs.test.ts`] }, [
    breaks("P11", "after a reset the runners' claims wait for the end of their leases", {
      find: "    this.recover();\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/object/transactions.ts`, tests: [EXPLORER] }, [
    breaks("P11", "after a call that throws the memory says what the tables do not", {
      find: `as after an eviction.
      this.#memory = new Memory(this.#sql, this.#clock);
`,
      replace: `as after an eviction.
`,
    }),
  ]),
  ...at({ file: `${QUEUE}/object/queue.ts`, tests: [`${SIMULATED}/engine.test.ts`] }, [
    breaks("P1", "what is ordered while R2 takes the gate file wakes nobody", {
      find: "if (this.#isChanged) this.#follow();",
      replace: "",
    }),
    breaks("P1", "the alarm rings and does nothing", {
      find: "    await runDuties(this.transactions, this.#deps, this.followUps());\n    this.watch();\n    if",
      replace: "    if",
      tests: [EXPLORER],
    }),
    breaks("P1", "a change is followed by nothing", {
      find: "    const answer = this.note(work, id);\n    this.#follow();",
      replace: "    const answer = this.note(work, id);",
      tests: [EXPLORER],
    }),
    breaks("P1", "a lost alarm is never set again", {
      find: "    await this.#alarm.load();\n    this.#alarm.by(this.#next());",
      replace: "",
    }),
    breaks("P1", "an alarm that has rung sets no other", {
      find: "if (this.#following === null) this.#alarm.at(this.#next());",
      replace: "if (this.#following === null) this.#alarm.at(null);",
      tests: [EXPLORER],
    }),
    breaks("P1", "a reset right after a change leaves no alarm", {
      find: "    this.#alarm.by(this.#deps.clock.now() + SAFETY_MS);\n",
      replace: "",
      tests: [EXPLORER],
    }),
    breaks("P11", "while alarms are lost nobody ends leases, purges, cancels and actions", {
      find: "await runDuties(this.transactions, this.#deps, {",
      replace: "await runFollowUps(this.transactions, this.#deps, {",
      tests: [`${WORLD}/lost-alarms.test.ts`],
      histories: { rule: "cronidle", favourites: ["deadAndNoAlarm"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/object/on-alarm.ts`, tests: [`${SIMULATED}/on-alarm.test.ts`] }, [
    breaks("P1", "a wake-up that was not sent counts as sent", {
      find: "transactions.memory.wakes.splice(-n, n);",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/operate/retry-and-cancel.ts`, tests: [`${SIMULATED}/accept.test.ts`] }, [
    breaks("P10", "a cancelled run takes what others asked for", {
      find: "if (next === undefined && row.lane !== URGENT) {",
      replace: "if (row.lane !== URGENT) {",
      histories: { rule: "unasked", favourites: ["accept", "cancelRun"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/operate/prune.ts`, tests: [`${SIMULATED}/prune.test.ts`] }, [
    breaks("P17", "a table keeps more than it may", {
      find: "Math.min(rule.ms, round.keep[name] ?? rule.ms)",
      replace: "rule.ms",
    }),
    breaks("F3", "what viewers caused stays as long as what was warmed", {
      find: "DEAD} AND lane = ${URGENT}`) },\n    ms: DAY_MS,",
      replace: "DEAD} AND lane = ${URGENT}`) },\n    ms: 30 * DAY_MS,",
    }),
    breaks("F3", "refused rows stay for a month", {
      find: "refused: { of: { large: endedJobs(`state = ${REFUSED}`) }, ms: DAY_MS,",
      replace: "refused: { of: { large: endedJobs(`state = ${REFUSED}`) }, ms: 30 * DAY_MS,",
    }),
  ]),
  ...at({ file: `${QUEUE}/operate/examine.ts`, tests: [`${CONSUMER}/doctor/run-doctor.test.ts`] }, [
    breaks("S4", "the doctor leaves a run's counts as they are", {
      find: "if (run !== null) run.states = real;",
      replace: "void run;",
    }),
    breaks("S4", "a run keeps ends that were counted twice: 20,954 of 20,000", {
      find: "real[STORED] = Math.max(0, (known[STORED] ?? 0) + sum(known) - sum(real));",
      replace: "real[STORED] = Math.max(0, known[STORED] ?? 0, 0 * sum(real));",
    }),
  ]),
  ...at({ file: `${QUEUE}/operate/restored.ts`, tests: [`${SIMULATED}/leases.test.ts`] }, [
    breaks("P11", "after a restore handlers from before are believed", {
      find: "  endAllLeases(tx);\n}\n\n/**",
      replace: "}\n\n/**",
    }),
    breaks("P16", "a restored ledger hands out at once, and a late delete takes what is made", {
      find: "  tx.gate.closedUntil = tx.now + RESTORE_HOLD_MS;\n",
      replace: "",
      tests: [`${WORLD}/restore.test.ts`, `${SIMULATED}/restored.test.ts`],
      histories: { rule: "nohold", favourites: ["purgedAndPutBack"] },
    }),
    breaks("P2", "after a restore the list is read before handlers from before have made their last POST", {
      find: "from: state.closedUntil - RESTORE_HOLD_MS + LEASE_MS }",
      replace: "from: state.closedUntil - RESTORE_HOLD_MS }",
      tests: [`${WORLD}/restore.test.ts`],
    }),
    breaks("P2", "I3: numbers go on from the restored copy", {
      find: "  tx.memory.numbers.raise(tx.sql, Math.max(tx.now * 1000 + MARGIN_US, before?.ceiling ?? 0));\n",
      replace: "",
      tests: [],
      histories: { rule: "seqback", favourites: ["copyOrPutBack", "accept"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/runner/run-job.ts`, tests: [EXPLORER] }, [
    breaks("P2", "an unclear call is repeated under a new key", {
      find: 'generation: "same"',
      replace: 'generation: "new"',
    }),
    breaks("P11", "a function that ignores its signal is waited for without end", {
      find: "await Promise.race([run({ ...job, signal: stop.signal }), aborted(stop.signal)])",
      replace: "await run({ ...job, signal: stop.signal })",
    }),
  ]),
  ...at({ file: `${QUEUE}/runner/run-jobs.ts`, tests: [`${QUEUE_TESTS}/run-jobs.test.ts`] }, [
    breaks("P2", "a runner that has lost its lease goes on with its calls", {
      find: "    runner.abortAll();\n",
      replace: "",
      tests: [EXPLORER],
    }),
    breaks("P11", "a job that is cancelled after the answer that gave it was lost stays open while its runner lives", {
      find: "      this.#report(id, gen, GIVEN_BACK);\n",
      replace: "",
    }),
    breaks("P11", "a runner does not number its calls, so that a late copy of one counts as new", {
      find: "seq: this.#calls, ",
      replace: "",
    }),
  ]),
];
