import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LEDGER_LIMIT_BYTES, MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { expect, it } from "vitest";
import { LIMITS } from "../../../examples/durable-queue/limits.ts";
import { BACKOFF_CAP_MS, backoffMs } from "../src/admission/backoff.ts";
import { AHEAD_MAX_MS, JOBS_MAX, PAYLOAD_MAX_BYTES } from "../src/checks.ts";
import { JobQueue } from "../src/client.ts";
import { BACKLOG_MAX } from "../src/intake/enqueue.ts";
import { KEY_MAX_CHARS } from "../src/job-key.ts";
import { CLAIMS_MAX, FULL_BYTES } from "../src/limits.ts";
import { PAGE_MAX, WALKED_MAX } from "../src/operate/list-jobs.ts";
import { RULES } from "../src/operate/prune.ts";
import { nodeSql } from "../src/testing/node-sql.ts";
import { IDEMPOTENCY_MS, LEASE_MS, PAUSE_MS } from "../src/times.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const readme = read("packages/durable-queue/README.md");
const EXAMPLE = "examples/durable-queue";
const constant = (file: string, name: string): number =>
  Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(read(file))?.[1]?.replaceAll("_", ""));

const [SECOND, MINUTE, HOUR, DAY, YEAR] = [1_000, 60_000, 3_600_000, 86_400_000, 365 * 86_400_000];
const GB = 1e9;
const count = (n: number): string => n.toLocaleString("en");
const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const word = (n: number): string => WORDS[n] ?? `${n}`;
const days = (ms: number): string => (ms === DAY ? "a day" : `${ms / DAY} days`);
const backoff = [1, 2, 3].map((attempt) => `${Math.round(backoffMs(attempt, 0.9999) / SECOND)} s`).join(", ");
const host = { storage: {} as never, waitUntil: () => undefined };
const run = () => Promise.reject(new Error("not called"));
const { config } = new JobQueue(nodeSql(), host, {
  options: { concurrency: 1, ratePerSecond: 1 },
  run,
}).transactions.read((tx) => tx);

/** What the page says, made of what the code goes by. */
const CLAIMS = [
  `between 0 and ${backoff} … ${word(BACKOFF_CAP_MS / MINUTE)} minutes`,
  `\`maxAttempts\` (default ${config.limits.maxAttempts})`,
  `which waits ${days(RULES.dead.ms)} for an operator`,
  `once within ${days(RULES.inbox.ms)}`,
  `delivers ${constant(`${EXAMPLE}/kill.e2e.test.ts`, "COUNT")} webhooks`,
  `is ${IDEMPOTENCY_MS / HOUR} hours old`,
  `more than ${word(AHEAD_MAX_MS / YEAR)} years ahead`,
  `${count(JOBS_MAX)} jobs; a payload of ${PAYLOAD_MAX_BYTES / 1e6} MB; names of ${count(KEY_MAX_CHARS)} characters`,
  `| open jobs | a ${BACKLOG_MAX === 1_000_000 ? "million" : "?"};`,
  `${LEDGER_LIMIT_BYTES / GB} GB of SQLite; above ${FULL_BYTES / GB} GB \`enqueue\``,
  `at most ${constant(`${EXAMPLE}/rows.workerd.test.ts`, "ROWS_MAX")} with a payload at ${LIMITS.ratePerSecond} jobs a second`,
  `outcomes of the same ${PAUSE_MS.busy} ms`,
  `| a page of \`jobs\` | ${PAGE_MAX} jobs, found among ${count(WALKED_MAX)}.`,
  `| ${word(MAX_CONNECTIONS)} that wait for an answer`,
  `| claims of one runner | ${CLAIMS_MAX}.`,
  `its lease of ${LEASE_MS / SECOND} s`,
  `dead letters and runs ${days(RULES.runs.ms)}, cancelled jobs ${days(RULES.cancelled.ms)}`,
  // run-jobs.test.ts: "a job costs at most 10 ms of CPU".
  "10 ms of CPU for a job at most, so more than 100 jobs a second",
];
/** No constants of the queue: a date of the platform, and the day on which other pages were read. */
const DATES = [read(`${EXAMPLE}/wrangler.toml`).match(/# From (\S+) on/)?.[1] ?? "?", "December 2026"];

const TESTS = /[\w.-]+\.test\.ts/g;
const prose = readme.replaceAll(/^```.*?^```$/gms, "").replaceAll(/\s+/g, " ");

it.each(CLAIMS)("the README says: %s", (claim) => {
  expect(prose).toContain(claim);
});

it("the README has no other number", () => {
  const rest = [...CLAIMS, ...DATES].reduce((text, claim) => text.replaceAll(claim, ""), prose.replaceAll(TESTS, ""));
  expect(rest.match(/[^.|]*\d[^.|]*/g) ?? []).toEqual([]);
});

it("the README names tests that exist", () => {
  const named = new Set(readme.match(TESTS));
  for (const name of named) {
    const folder = /\.(workerd|e2e)\./.test(name) ? EXAMPLE : "packages/durable-queue/test";
    expect(() => read(`${folder}/${name}`), name).not.toThrow();
  }
  expect(named.size).toBeGreaterThan(5);
});
