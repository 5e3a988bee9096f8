import { at, breaks, type Mutation } from "./mutation.ts";

const QUEUE = "packages/durable-queue/src";
const SIMULATED = "workers/consumer/test/queue";
const WORLD = "test/world";
const CONSUMER = "workers/consumer/src";
const EXPLORER = "packages/durable-queue/test/explorer.test.ts";
const UNFETCHED = [`${SIMULATED}/unfetched.test.ts`, `${WORLD}/failing-results.test.ts`];

/** Claims while a job runs: handing out, exchanges with a worker, the pace and what is seen of a job. */
export const QUEUE_HANDING_OUT: readonly Mutation[] = [
  ...at({ file: `${QUEUE}/admission/budget.ts`, tests: [`${CONSUMER}/ledger/views/costs.test.ts`] }, [
    breaks("P13", "a refunded job counts as a mistake", {
      find: 'if (claim.state !== "admitted" || claim.refunded) return;',
      replace: 'if (claim.state !== "admitted") return;',
    }),
    breaks("P13", "a refund after an eviction has no place", {
      find: "claim.admitted ?? tx.rows.byId(claim.id)",
      replace: "claim.admitted",
    }),
  ]),
  ...at({ file: `${QUEUE}/times.ts`, tests: ["packages/durable-queue/test/times.test.ts"] }, [
    breaks("P2", "a handler may POST after the row of its lease has ended", {
      find: "export const WRITE_BEHIND_MS = 20_000;",
      replace: "export const WRITE_BEHIND_MS = 40_000;",
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/exchange.ts`, tests: [`${SIMULATED}/exchange.test.ts`] }, [
    breaks("P2", "a lease that is over is taken up again", {
      find: "} else if (!isLive(owner, now)) return null;",
      replace: "} else if (!isLive(owner, 0)) return null;",
      tests: [EXPLORER],
    }),
    breaks("P11", "a handler that has left keeps its lease", {
      find: "    endLease(tx, owner, false);\n    return",
      replace: "    return",
      tests: [EXPLORER],
    }),
    breaks("P2", "a lease is renewed by the first call only", {
      find: "  owner.until = Math.max(owner.until, now + LEASE_MS);",
      replace: "  if (first) owner.until = now + LEASE_MS;",
      tests: [EXPLORER],
    }),
    breaks("P11", "a copy of a call that comes late counts one failure as two", {
      find: "if (seq <= owner.heard) return false;",
      replace: "",
    }),
    breaks("P12", "nothing that a handler of an earlier release reports is settled", {
      find: "{ seq = owner.heard + 1 }",
      replace: "{ seq = 0 }",
      tests: ["workers/consumer/test/releases/next-version.test.ts"],
    }),
    breaks("P2", "after an eviction the id of a watched job is not asked for again", {
      find: ' || (phase === "admitted" && have.phase === "watch")',
      replace: "",
    }),
    breaks("P2", "a job whose owner lost its lease is not known", {
      find: `  for (const job of request.submitted) noteJob(tx, job);
  const owner = lease(tx, request);
`,
      replace: `  const owner = lease(tx, request);
  if (owner !== null) for (const job of request.submitted) noteJob(tx, job);
`,
    }),
    breaks("P10", "a handler under a cancel is not told to stop", {
      find: " || rows.get(claim.id)?.state === CANCELLING)",
      replace: ")",
      tests: [`${SIMULATED}/settle.test.ts`],
    }),
    breaks("P2", "I5: who has lost the lease still settles", {
      find: "} else if (!isLive(owner, now)) return null;",
      replace: "}",
      tests: [],
      histories: { rule: "nofence", favourites: ["lateWord"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/found-jobs.ts`, tests: [`${SIMULATED}/restored.test.ts`] }, [
    breaks("P2", "a restore pays again for jobs that the ledger does not know", {
      find: "if (row !== null && isGood) adopt(tx, row, job);",
      replace: "if (row === null && isGood) void adopt;",
      tests: [`${WORLD}/restore.test.ts`],
    }),
    breaks("P16", "an older generation's job is taken over though the newest has failed", {
      find: "  if (row !== null) supersede(tx, row, gen);\n",
      replace: "  if (row !== null && isGood) supersede(tx, row, gen);\n",
    }),
    breaks("P8", "a job of a variant that does not wait runs without a slot after a restore", {
      find: 'else if (job.status === "pending") holdSlot(tx,',
      replace: 'else if (job.status === "done") holdSlot(tx,',
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/candidates.ts`, tests: [`${SIMULATED}/first-runs.test.ts`] }, [
    breaks("P1", "a job that was cancelled, and whose key is too old to be sent again, stays open for ever", {
      find: "row.state !== CANCELLING && ",
      replace: "",
      tests: [`${SIMULATED}/settle.test.ts`],
    }),
    breaks("P9", "a run that goes first takes turns with the others of its lane", {
      find: "    takeInTurn(search, first);\n",
      replace: "",
    }),
    breaks("P9", "what a run that goes first shares waits in the line of another", {
      find: "    for (const run of first) takeShared(search, run);\n",
      replace: "",
    }),
    breaks("P9", "the oldest run of a lane goes before the others", {
      find: "      tx.memory.turns.set(lane, run);\n",
      replace: "",
      tests: [`${SIMULATED}/lines.test.ts`],
    }),
    breaks("P9", "jobs that are held keep those behind them waiting", {
      find: "    row.due = Math.max(row.due ?? 0, tx.lockedUntil(row.group), probeDue(tx, row));\n",
      replace: "",
      tests: [`${SIMULATED}/lines.test.ts`],
    }),
    breaks("P9", "jobs that are made keep those behind them waiting", {
      find: "    after = page.at(-1);\n",
      replace: "    break;\n",
      tests: [`${SIMULATED}/lines.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/candidates.ts`, tests: [`${SIMULATED}/hand-out.test.ts`] }, [
    breaks("P6", "a suspect is given beside others", {
      find: "return crashes === 0 || claims.size === 0;",
      replace: "return true;",
      histories: { rule: "company", favourites: ["poison", "accept"] },
    }),
    breaks("P10", "rows of a cancelled run are handed out until its slice comes", {
      find: "row.state !== WAITING || cancelUnwanted(tx, row)) return false;",
      replace: "row.state !== WAITING) return false;",
      tests: [`${SIMULATED}/accept.test.ts`],
    }),
    breaks("P11", "rows of a removed image wait for ever, and a worker calls for them", {
      find: "!isLockedForEver && !hasNoSubscribers",
      replace: "!hasNoSubscribers",
    }),
    breaks("P2", "I3: a row is handed out while its older generation has a live owner", {
      find: "return tx.memory.claims.byJob(id) === null && !found.has(id);",
      replace: "return !found.has(id);",
      tests: [`${SIMULATED}/settle.test.ts`],
      histories: { rule: "overlap", favourites: ["slowAndForced", "race"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/operate/retry-and-cancel.ts`, tests: [`${SIMULATED}/first-runs.test.ts`] }, [
    breaks("F4", "viewers pay for what an operator tries again", {
      find: "row.lane === URGENT ? Math.min(URGENT + 1, lastLane(tx.lanes)) : row.lane",
      replace: "row.lane",
    }),
    breaks("P9", "a promotion cannot be taken back", {
      find: "tx.runs.setFirst(run, isFirst ? tx.now : 0);",
      replace: "tx.runs.setFirst(run, tx.now);",
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/exchange.ts`, tests: [`${SIMULATED}/unfetched.test.ts`] }, [
    breaks("P17", "while no result can be fetched, workers fetch those of the jobs that they watch", {
      find: 'if (phase === "finish" && !admitFetch(tx.gateNow, claim.gen)) return [];',
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/exchange.ts`, tests: [`${SIMULATED}/origins.test.ts`] }, [
    breaks("P5", "a copy of an input speaks for an origin that answers nobody", {
      find: " && copy !== true",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/hand-out.ts`, tests: [`${SIMULATED}/origins.test.ts`] }, [
    breaks("P5", "a failing origin's probe is taken by all jobs of one call", {
      find: "mayTake(call.owner, row) && putOffUntil(tx, row) <= tx.now)",
      replace: "mayTake(call.owner, row))",
    }),
    breaks("P9", "viewers' jobs of a failing origin keep all other jobs from going", {
      find: "row.state === WAITING && putOffUntil(tx, row) <= tx.now).length;",
      replace: "row.state === WAITING).length;",
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/hand-out.ts`, tests: [`${SIMULATED}/hand-out.test.ts`] }, [
    breaks("P2", "a key that is older than a day is asked for again", {
      find: " || tx.now - claim.admittedAt > IDEMPOTENCY_MS;",
      replace: ";",
      tests: [`${SIMULATED}/exchange.test.ts`],
      histories: { rule: "oldkey", favourites: ["overnight", "overnight"] },
    }),
    breaks("P6", "other jobs are given beside a quarantined one", {
      find: "call.room = call.owner.exclusive ? 0 : call.room - 1;",
      replace: "call.room -= 1;",
    }),
    breaks("P8", "no refused job tells the gate which limit holds it back", {
      find: "      noteLimited(tx.gateNow, answer);\n",
      replace: "",
    }),
    breaks("P8", "an orphaned claim whose row has gone on keeps its slot for ever", {
      find: "    endStale(tx, claim, row, false);\n",
      replace: "    void endStale;\n",
      tests: [`${SIMULATED}/exchange.test.ts`],
    }),
    breaks("P9", "bulk that waits for higher lanes keeps them out of handlers", {
      find: "lane <= lowest && !isShut(tx, lane)",
      replace: "lane >= 0 && !isShut(tx, lane)",
    }),
    breaks("P9", "a viewer's job waits to be looked at first", {
      find: "if (row.lane !== URGENT && !claim.ready) continue;",
      replace: "if (!claim.ready) continue;",
      tests: [`${SIMULATED}/exchange.test.ts`],
    }),
    breaks("P9", "bulk goes before uploads", {
      find: "for (const lane of lanes) if (lane !== URGENT)",
      replace: "for (const lane of lanes.toReversed()) if (lane !== URGENT)",
    }),
    breaks("P9", "a short token goes to whoever comes first", {
      find: "higher < lane && n > 0",
      replace: "higher < lane && n < 0",
      tests: [`${SIMULATED}/exchange.test.ts`],
    }),
    breaks("P11", "an orphaned POST of a removed image keeps its slot for ever", {
      find: "  if (cancelUnwanted(tx, row)) return true;\n  if (isLocked(tx, row)) return false;\n",
      replace: "  if (isLocked(tx, row)) return false;\n  if (cancelUnwanted(tx, row)) return true;\n",
    }),
    breaks("F4", "workers hold what waits for tomorrow", {
      find: "  if (isShut(tx, lane)) return;\n",
      replace: "",
      tests: [`${SIMULATED}/starvation.test.ts`],
    }),
    breaks("P17", "a worker takes slots for POSTs that wait for its connections, while other workers have free ones", {
      find: "? GO_MAX : GO_FEW;",
      replace: "? GO_MAX : GO_MAX;",
      tests: [`${SIMULATED}/pace.test.ts`],
    }),
    breaks("P16", "results are handed out while a restored ledger holds back", {
      find: "  if (isClosedForAll(tx.gateNow)) return false;\n",
      replace: "",
      tests: [`${SIMULATED}/restored.test.ts`],
    }),
    breaks("P2", "a restore pays again for jobs that the copy knows", {
      find: "  if (claim.externalId !== null) return false;\n",
      replace: "",
      tests: [`${WORLD}/restore.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/found-jobs.ts`, tests: [`${SIMULATED}/exchange.test.ts`] }, [
    breaks("P17", "when Ittybit made a job is told and forgotten", {
      find: "claim.createdAt = createdAt;",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/observe.ts`, tests: [`${SIMULATED}/settle.test.ts`] }, [
    breaks("P2", "a job that is shown to run is made again", {
      find: "found.absent.flatMap(",
      replace: "[...found.absent, ...found.pending].flatMap(",
      histories: { rule: "stuck" },
    }),
    breaks("P1", "a job that was cancelled, and that Ittybit has lost, stays open for ever", {
      find: "    cancelRow(tx, row);\n    return;",
      replace: "    return;",
    }),
    breaks("P1", "a job that was ordered again and cancelled, and that Ittybit has lost, stays open for ever", {
      find: "  if (row?.state === CANCELLING) {",
      replace: "  if (row?.state === CANCELLING && !isStale(row, claim)) {",
    }),
    breaks("P11", "a job that Ittybit has lost is waited for for ever", {
      find: "  for (const claim of lost) lose(tx, claim);\n",
      replace: "",
    }),
    breaks("P1", "a slot that is free because no job was made wakes nobody", {
      find: "return seen.length + freed + lost.length;",
      replace: "return seen.length;",
      tests: [`${SIMULATED}/found-jobs.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/pace.ts`, tests: [`${SIMULATED}/on-alarm.test.ts`] }, [
    breaks("P1", "a wake-up is believed under way for ever", {
      find: "memory.wakes = memory.wakes.filter((sentAt) => now - sentAt < WAKE_MS);",
      replace: "",
      histories: { rule: "wakeonce" },
    }),
    breaks("P5", "a paused lane wakes workers", { find: "closedFor(tx.gateNow, name) !== null || ", replace: "" }),
    breaks("P17", "every eight jobs wake a worker, whatever the gate lets through", {
      find: "Math.min(tx.config.limits.workers, Math.max(1, workersFor(tx)), byWork)",
      replace: "Math.min(tx.config.limits.workers, byWork)",
    }),
    breaks("P13", "a handler asks for the end of a job that cannot have ended", {
      find: "return Math.max(PACE_MS.urgent, Math.min(urgentMs, isUrgentOnly ? SOON_MS : paceMs(tx)));",
      replace: "return PACE_MS.urgent;",
      tests: [`${CONSUMER}/making/consume-miss.test.ts`],
    }),
    breaks("P17", "a worker is called again while its wake-up is under way", {
      find: " - memory.wakes.length)",
      replace: ")",
      tests: [`${SIMULATED}/pace.test.ts`],
    }),
    breaks("P5", "workers are called while a restored ledger holds back", {
      find: "  if (isClosedForAll(tx.gateNow)) return work;\n",
      replace: "",
      tests: [`${SIMULATED}/restored.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/claims/unfetched.ts`, tests: UNFETCHED }, [
    breaks("P17", "jobs are made although no result can be fetched", {
      find: "if (late.length < ALL_FAIL.jobs && ",
      replace: "if (late.length < 10_000 && ",
    }),
    breaks("P17", "one result that cannot be fetched stops everything", { find: "jobs: 3 };", replace: "jobs: 1 };" }),
  ]),
];
