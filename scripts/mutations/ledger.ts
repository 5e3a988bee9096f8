import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/ledger";
const SRC = "workers/consumer/src";
const QUEUE_TESTS = "workers/consumer/test/queue";
const WORLD = "test/world";

/** The ledger and its views. */
export const LEDGER: readonly Mutation[] = [
  ...at({ file: `${ROOM}/troubles/acknowledged.ts`, tests: [`${SRC}/api/troubles.test.ts`] }, [
    breaks("P13", "what was acknowledged is never forgotten", {
      find: "if (gone.length === 0) return;",
      replace: "return;",
    }),
    breaks("P13", "a trouble is acknowledged with a cause that nobody saw", {
      find: "if (seen !== null && seen !== cause)",
      replace: 'if (seen === "")',
    }),
  ]),
  ...at({ file: `${ROOM}/views/export.ts`, tests: ["workers/consumer/src/api/ledger.test.ts"] }, [
    breaks("P1", "an export lacks the jobs of its second slice", {
      find: "next: more ? `jobs ${to}` : null",
      replace: "next: null",
    }),
    breaks("P16", "an older original's object stands for a job that was exported", {
      find: "Math.max(row.floor, tx.fenceOf(row)) > 0",
      replace: "row.floor > 0",
    }),
    breaks("P10", "an export has the jobs of a run that was cancelled", {
      find: " && !hasNoSubscribers(tx.runs, row)",
      replace: "",
    }),
    breaks("P8", "a new ledger does not know what the month has cost", {
      find: 'above === "" ? [...spent(tx), ...facts] : facts',
      replace: "facts",
    }),
  ]),
  ...at({ file: `${ROOM}/views/gate-view.ts`, tests: [`${ROOM}/views/gate-view.test.ts`] }, [
    breaks("P8", "a month's jobs that are told twice are counted twice", {
      find: "Math.max(0, jobs[lane] - used[lane])",
      replace: "jobs[lane]",
      tests: ["workers/consumer/src/api/ledger.test.ts"],
    }),
    breaks("P8", "jobs of another month fill this month's budget", {
      find: "    if (!day.startsWith(monthOf(now)) || day > dayOf(now)) continue;\n",
      replace: "",
      tests: ["workers/consumer/src/api/ledger.test.ts"],
    }),
    breaks("P13", "the log says that a lane resumed which ran all the time", {
      find: "!isPausedSo(gate, lane, paused[lane])",
      replace: "true",
    }),
    breaks("P13", "a change of nothing is the last change", {
      find: "if (Object.keys(changed).length === 0) return null;",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/writes.ts`, tests: [`${WORLD}/repeated-calls.test.ts`] }, [
    breaks("P11", "a purge that is repeated begins another one", {
      find: 'purgeImage: change("id", purgeImage)',
      replace: 'purgeImage: change("idempotent", purgeImage)',
    }),
  ]),
  ...at({ file: `${ROOM}/views/deliveries.ts`, tests: [`${SRC}/api/hooks.test.ts`] }, [
    breaks("P13", "a delivery whose variants died looks done", {
      find: "tx.rows.loadGroup(id)",
      replace: "tx.rows.loadGroup(id).slice(0, 0)",
    }),
  ]),
  ...at({ file: `${ROOM}/deliveries.ts`, tests: [`${SRC}/api/hooks.test.ts`] }, [
    breaks("L6", "a delivery is listed by the next minute", { find: "  deliveries.save(tx.sql);\n", replace: "" }),
    breaks("L6", "the line has no numbers of the ledger", {
      find: "accepted: note.accepted + accepted,",
      replace: "accepted: note.accepted,",
    }),
    breaks("L6", "older lines are lost with the newest", { find: "[...newest, ...older]", replace: "[...newest]" }),
    breaks("L6", "a line that moves is stored twice", {
      find: "(place < this.#newest ? this.#newest : KEEP)",
      replace: "this.#newest",
    }),
  ]),
  ...at({ file: `${ROOM}/follow-ups.ts`, tests: [`${QUEUE_TESTS}/on-alarm.test.ts`] }, [
    breaks("P8", "the edge is never told that a lane is closed", {
      find: "  transactions.write(gateChanged);\n",
      replace: "",
    }),
    breaks("P8", "the edge is not told that a lane is open again while nothing waits", {
      find: "opens !== null && isToldClosed(tx) ? opens : null,",
      replace: "null,",
      tests: [`${ROOM}/gate-file.test.ts`],
    }),
    breaks("P20", "a restored ledger hands out before it knows the blocks", {
      find: "const hold = transactions.write(holdForBlocks);",
      replace: "const hold = { asked: transactions.read(askedForBlocksAt), before: 0 };",
      tests: [`${WORLD}/removal.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/sweeper.ts`, tests: [`${QUEUE_TESTS}/on-alarm.test.ts`] }, [
    breaks("P20", "passes are made one after the other", {
      find: "const AT_ONCE = 60;",
      replace: "const AT_ONCE = 1;",
    }),
    breaks("P16", "while R2 refuses, passes are tried again and again", {
      find: "this.#restsUntil = clock.now() + BUSY_MS;",
      replace: "this.#restsUntil = 0;",
    }),
    breaks("P20", "the alarm rings all the time while sixty passes hang", {
      find: "this.#making < AT_ONCE ? 0 : now + BUSY_MS",
      replace: "0",
    }),
  ]),
  ...at({ file: `${ROOM}/ledger.ts`, tests: [`${QUEUE_TESTS}/on-alarm.test.ts`] }, [
    breaks("P20", "second passes wait for the cron", {
      find: "this.#sweeper.nextAt(tx), ",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/ledger-for.ts`, tests: [`${ROOM}/ledger-for.test.ts`, `${WORLD}/repeated-calls.test.ts`] }, [
    breaks("P11", "a repeat of a call has another id", {
      find: "stub.write(name as WriteName, args, id)",
      replace: "stub.write(name as WriteName, args, id && deps.newCallId())",
    }),
    breaks("P11", "a call that counts is heard twice", {
      find: 'repeat === "once" ? 0 : PATIENCE_MS',
      replace: "PATIENCE_MS",
    }),
  ]),
  ...at({ file: `${ROOM}/machine-calls.ts`, tests: [`${SRC}/api/hooks.test.ts`] }, [
    breaks("L6", "a delivery of one chunk is not listed", {
      find: 'if (note !== undefined && answer.status === "done")',
      replace: 'if (note !== undefined && answer.status === "full")',
    }),
    breaks("L6", "a delivery of several chunks is not listed", {
      find: 'if (note !== undefined && end === "done")',
      replace: 'if (note !== undefined && end === "repeat")',
    }),
  ]),
  ...at({ file: `${ROOM}/tables/own-tables.ts`, tests: [`${SRC}/images/focal.test.ts`] }, [
    breaks("L2", "points are forgotten after 90 days", {
      find: 'over: "x IS NULL"',
      replace: 'over: "x IS NULL OR 1"',
    }),
  ]),
  ...at({ file: `${ROOM}/troubles/acknowledged.ts`, tests: [`${SRC}/api/troubles.test.ts`] }, [
    breaks("P13", "an acknowledged trouble is quiet with another cause, too", {
      find: "cause !== known.cause",
      replace: "false",
    }),
    breaks("P13", "an acknowledged trouble may grow without end", {
      find: "affects.count > GROWTH * known.size + GROWTH_FREE",
      replace: "false",
    }),
    breaks("P13", "an acknowledged trouble is quiet in another folder, too", {
      find: '(affects.folder ?? "").startsWith(known.folder)',
      replace: "true",
    }),
  ]),
  ...at({ file: `${ROOM}/troubles/book.ts`, tests: [`${ROOM}/troubles/book.test.ts`] }, [
    breaks("P13", "a trouble that comes and goes is told each time", {
      find: "now - entry.seen < AWAY_MS",
      replace: "now < entry.seen",
    }),
    breaks("P13", "a warning of a moment is told", { find: "now - worse >= STANDS_MS", replace: "now >= worse" }),
  ]),
  ...at({ file: `${ROOM}/troubles/rules.ts`, tests: [`${ROOM}/troubles/rules.test.ts`] }, [
    breaks("P13", "what is over stands before what goes on", { find: "past ? 2 : 0", replace: "past ? 0 : 0" }),
  ]),
  ...at({ file: `${ROOM}/troubles/rules-of-work.ts`, tests: [`${ROOM}/troubles/rules.test.ts`] }, [
    breaks("P13", "a lane that the gate holds counts as stuck", { find: "held[lane] ? 0 : ", replace: "" }),
  ]),
  ...at({ file: `${ROOM}/troubles/failures.ts`, tests: [`${ROOM}/troubles/failures.test.ts`] }, [
    breaks("P13", "a result that cannot be fetched counts against the originals", {
      find: '["output_", "results"],',
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/views/image-list.ts`, tests: [`${QUEUE_TESTS}/rows-read.test.ts`] }, [
    breaks("P13", "a list of images looks every stored image up", {
      find: "all.slice(0, limit + LOOKED_AT)",
      replace: "all.slice()",
    }),
  ]),
  ...at({ file: `${ROOM}/views/slowness.ts`, tests: [`${ROOM}/views/slowness.test.ts`] }, [
    breaks("P5", "a few stragglers among many jobs make Ittybit count as slow", {
      find: " || late < ages.length / 2",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/views/ordered.ts`, tests: [`${SRC}/api/receipts.test.ts`] }, [
    breaks("P13", "a purged variant counts as lost", {
      find: "tx.imageOf(one).purged > one.gen",
      replace: "false",
    }),
  ]),
  ...at({ file: `${ROOM}/views/pace.ts`, tests: [`${ROOM}/views/pace.test.ts`] }, [
    breaks("P13", "a closed lane has a time left", {
      find: "    if (closed !== null) return whyHeld(tx.gateNow, lane, closed);\n",
      replace: "",
    }),
    breaks("P13", "a budget for fewer jobs than wait has a time left", {
      find: "if (this.#ofBudget(lane, waiting) <= left) return null;",
      replace: "if (left > 0) return null;",
    }),
    breaks("P13", "retries that wait have a time left", {
      find: "if (queued + processing === 0) {",
      replace: "if (queued + processing < 0) {",
    }),
    breaks("P13", "lanes above do not go first", {
      find: "return this.#above(lane).reduce((sum, one) => sum + openIn(this.#open(one)), 0);",
      replace: "return this.#above(lane).reduce((sum, one) => sum + 0 * openIn(this.#open(one)), 0);",
    }),
    breaks("P13", "a run has all of the pace for itself", {
      find: "Math.min(own, openOf(n))",
      replace: "Math.min(0, openOf(n))",
    }),
  ]),
];
