import type { Mutation } from "./promises.ts";

const LEDGER = "workers/consumer/src/ledger";
const QUEUE_TESTS = "workers/consumer/test/queue";

const IMAGES = "workers/consumer/src/images";
const QUEUE = "packages/durable-queue/src";

/** What a third review found stuck or unheld (docs/reliability.md): each cure taken back. */
export const STUCK: Mutation[] = [
  {
    promise: "P1",
    breaks: "a slot that is free because no job was made wakes nobody",
    file: `${QUEUE}/claims/observe.ts`,
    find: "return seen.length + freed + lost.length;",
    replace: "return seen.length;",
    tests: [`${QUEUE_TESTS}/found-jobs.test.ts`],
  },
  {
    promise: "P11",
    breaks: "an alarm that is past and never fires counts as set",
    file: `${QUEUE}/object/alarm-clock.ts`,
    find: "return isLost ? null : this.#at;",
    replace: "return this.#at;",
    tests: [`${QUEUE_TESTS}/engine.test.ts`],
  },
  {
    promise: "P11",
    breaks: "an alarm that is a minute late is taken for lost",
    file: `${QUEUE}/object/alarm-clock.ts`,
    find: "this.#clock.now() - ALARM_LATE_MS - CLOCKS_MS",
    replace: "this.#clock.now()",
    tests: [`${QUEUE_TESTS}/on-alarm.test.ts`],
  },
  {
    promise: "P11",
    breaks: "while alarms are lost nobody ends leases, purges, cancels and actions",
    file: `${QUEUE}/object/queue.ts`,
    find: "    await runDuties(this.transactions, this.#deps, this.followUps());\n    this.watch();\n    this.#alarm.by(this.#next());",
    replace:
      "    await runFollowUps(this.transactions, this.#deps, this.followUps());\n    this.watch();\n    this.#alarm.by(this.#next());",
    tests: ["test/world/lost-alarms.test.ts"],
    histories: { rule: "cronidle", favourites: ["deadAndNoAlarm"] },
  },
  {
    promise: "P16",
    breaks: "a pass is taken long before it is made, so that the cron makes it beside the alarm",
    file: `${LEDGER}/follow-ups.ts`,
    find: "for (const seq of transactions.read(({ sql, now }) => dueSweeps(sql, now, PASSES_MAX))) {\n    const pass = transactions.write((tx) => takePass(tx, seq));\n",
    replace:
      "const due = transactions.read(({ sql, now }) => dueSweeps(sql, now, PASSES_MAX));\n  for (const pass of due.map((seq) => transactions.write((tx) => takePass(tx, seq)))) {\n",
    tests: [`${QUEUE_TESTS}/on-alarm.test.ts`],
  },
  {
    promise: "P8",
    breaks: "a job that a later handler failed on, and that runs still, frees its slot",
    file: `${QUEUE}/claims/settle.ts`,
    find: 'return outcome.kind === "failed" && outcome.ended && (',
    replace: 'return outcome.kind === "failed" && (',
    tests: [`${QUEUE_TESTS}/settle.test.ts`],
  },
  {
    promise: "P1",
    breaks: "a waiting job that was touched has no due time",
    file: `${QUEUE}/schema/rows.ts`,
    find: "    if (isOpen(row)) row.due ??= now;\n",
    replace: "",
    tests: [`${QUEUE_TESTS}/leases.test.ts`],
  },
  {
    promise: "P11",
    breaks: "a row that has ended keeps its claim, and housekeeping deletes the row",
    file: `${QUEUE}/claims/settle.ts`,
    find: "  if (isDead) endClaim(tx, claim, one.over, failure.code);\n  else if",
    replace: "  if (!isDead)\n    if",
    tests: [`${QUEUE_TESTS}/settle.test.ts`],
  },
  {
    promise: "P16",
    breaks: "what failed of the older original waits on when a new one comes",
    file: `${IMAGES}/new-original.ts`,
    find: "    if (row.state === WAITING) row.due = tx.now;\n",
    replace: "",
    tests: [`${IMAGES}/new-original.test.ts`],
  },
];
