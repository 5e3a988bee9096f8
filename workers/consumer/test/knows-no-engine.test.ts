import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const OWN = /^(workers\/consumer\/src\/ittybit|packages\/ittybit-emulator)\/|\/testing\/|\.test\.tsx?$/;
const TEXT = /"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

/** Files that know Ittybit, and what of it. */
const KNOWN: Record<string, string> = {
  "packages/control-schema/src/jobs.ts": "the API's name of its job",
  "packages/shared/src/config.ts": "its settings",
  "packages/shared/src/config-schema.ts": "its settings",
  "packages/shared/src/cost/month.ts": "the name of its fee",
  "packages/shared/src/cost/outlook.ts": "the API's name of its fee",
  "packages/shared/src/limits.ts": "where the gate's first limits come from",
  "packages/wrangler-files/src/stage.ts": "its address",
  "workers/consumer/src/compose.ts": "makes its engine",
  "workers/consumer/src/config.ts": "its variables",
  "workers/consumer/src/ledger/troubles/rules-of-parts.ts": "what its failures mean, for people",
  "workers/consumer/src/ledger/troubles/rules-of-work.ts": "what its failures mean, for people",
  "workers/consumer/src/ledger/views/slowness.ts": "what its slowness means, for people",
  "workers/consumer/src/ledger/views/jobs.ts": "the API's name of its job",
  "workers/consumer/src/making/batch-context.ts": "the log's name of its job",
};

/** Whether a file names Ittybit outside of its texts, or imports what is Ittybit's. */
function isNamed(source: string): boolean {
  return /ittybit/i.test(source.replaceAll(TEXT, '""')) || /from "[^"]*ittybit/.test(source);
}

it.each([
  ['import { a } from "../ittybit/client.ts";', true],
  ["const job = ittybitJob;", true],
  ["// Ittybit has no list.", true],
  ['const text = "Ittybit works on it";', false],
])("the rule reads %s", (source, isKnown) => {
  expect(isNamed(source)).toBe(isKnown);
});

it("at most 20 files know Ittybit, beside its own folder and the local one", () => {
  const files = globSync("{workers,packages}/*/src/**/*.{ts,tsx}", { cwd: ROOT }).filter((path) => !OWN.test(path));
  expect(files.length).toBeGreaterThan(400);
  const named = files.filter((path) => isNamed(readFileSync(join(ROOT, path), "utf8")));
  expect(named.filter((path) => KNOWN[path] === undefined)).toEqual([]);
  expect(Object.keys(KNOWN).filter((path) => !named.includes(path))).toEqual([]);
  expect(named.length).toBeLessThanOrEqual(20);
});
