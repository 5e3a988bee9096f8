import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { systemClock } from "@prewarm/shared/clock";
import { LEDGER_TABLES } from "../workers/consumer/src/ledger/tables/own-tables.ts";
import { testConfig } from "../workers/consumer/src/ledger/testing/setup-config.ts";
import { testEngine } from "../workers/consumer/src/ledger/testing/test-engine.ts";

/*
 * How long a new version needs before a ledger of a million open rows answers. The platform gives each 30 s of CPU, and an index over all
 * rows bills each. Exits 1 above the limits: such a migration must go in slices.
 */
const ROWS = 1_000_000;
const LIMITS_MS = {
  open: 3_000,
  "a column more": 3_000,
  "an index more": 15_000,
};

const folder = mkdtempSync(join(tmpdir(), "prewarm-migrate-"));
const sql = nodeSql(join(folder, "ledger.sqlite"));
migrate(sql, "L", LEDGER_TABLES);
const rows = `WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < ${ROWS})`;
sql.exec(`INSERT INTO jobs (id, grp, part, lane, run, joined, state, gen, floor, due, attempts, unclear, crashes, error, dead_until, created, updated)
  ${rows} SELECT n * 4000000, printf('uploads/2026/%08x', n), '640-high.webp', 2, 1, 0, 0, n, 0, n, 0, 0, 0, NULL, 0, 1, 0 FROM k`);

const took: Record<string, number> = {};
function timed(name: string, work: () => unknown): void {
  const began = performance.now();
  work();
  took[name] = Math.round(performance.now() - began);
}
const open = () => testEngine(sql, { config: testConfig(), clock: systemClock }).engine.stats();
timed("open", open);
timed("a column more", () => {
  sql.exec("ALTER TABLE jobs ADD COLUMN later INTEGER NOT NULL DEFAULT 0");
  open();
});
timed("an index more", () => {
  sql.exec("CREATE INDEX jobs_later ON jobs (later, created)");
  open();
});
sql.close();
rmSync(folder, { recursive: true });
const late = Object.entries(LIMITS_MS).filter(([name, most]) => (took[name] ?? 0) > most);
console.log(
  `${ROWS} open rows: ${Object.entries(took)
    .map(([name, ms]) => `${name} ${ms} ms`)
    .join(", ")}`,
);
if (late.length > 0) {
  console.error(`above the limit: ${late.map(([name, most]) => `${name} (${most} ms)`).join(", ")}`);
  process.exitCode = 1;
}
