import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Check } from "./assumption.ts";
import { ASSUMPTIONS } from "./assumptions.ts";
import { type Facts, judge } from "./expect.ts";
import { conformanceRows, conformanceSummary, NEVER_RUN, ONLY_ASSUMED } from "./report.ts";
import { readRecorded } from "./results.ts";
import { runChecks } from "./run-checks.ts";

const ROOT = join(import.meta.dirname, "../..");
const CHECKED = ASSUMPTIONS.filter((one): one is typeof one & { check: Check } => one.check !== null);
/** Of every fact a value that is as assumed. */
const VALUES = [true, false, 0, 1, 2, 12, 60, 1_100, 60_000];
const good = ({ expects }: Check): Facts =>
  Object.fromEntries(
    Object.entries(expects).map(([phrase, { holds }]) => [phrase, VALUES.find((value) => holds(value)) ?? 2_500]),
  );

describe.each(CHECKED.map((one) => [one.name, one.check] as const))("the check %s", (_, check) => {
  it("tells that all is as assumed", () => {
    expect(judge(check.expects, good(check)).verdict).toBe("as assumed");
  });

  it.each(Object.keys(check.expects))("differs when a counterexample is observed for: %s", (phrase) => {
    const facts = { ...good(check), [phrase]: check.expects[phrase]!.counterexample };
    expect(judge(check.expects, facts).verdict).toBe("differs");
  });

  it.each(Object.keys(check.expects))("differs when nothing is observed for: %s", (phrase) => {
    const { [phrase]: _gone, ...facts } = good(check);
    expect(judge(check.expects, facts).verdict).toBe("differs");
  });
});

it("a check that ends with an error differs, and says why", async () => {
  const broken = { ...CHECKED[0]!, check: { expects: {}, observe: () => Promise.reject(new Error("no answer")) } };
  expect(await runChecks([broken], null as never)).toEqual({
    [broken.name]: { verdict: "differs", saw: "the check ended with an error: no answer" },
  });
});

describe("the table of assumptions", () => {
  it("has a name for each, and a file that stands on it", () => {
    expect(new Set(ASSUMPTIONS.map(({ name }) => name)).size).toBe(ASSUMPTIONS.length);
    for (const { where, name } of ASSUMPTIONS) expect(existsSync(join(ROOT, where)), `${name}: ${where}`).toBe(true);
  });

  it("tells what was never run, and what is only assumed", () => {
    const rows = conformanceRows(ASSUMPTIONS, { local: null, cloudflare: null });
    for (const [n, [, , local, cloudflare]] of rows.entries()) {
      const cell = ASSUMPTIONS[n]?.check === null ? ONLY_ASSUMED : NEVER_RUN;
      expect([local, cloudflare]).toEqual([cell, cell]);
    }
    expect(conformanceSummary(ASSUMPTIONS, { local: null, cloudflare: null })).toContain("every row is only assumed");
  });

  it("shows a verdict that is not as assumed, and what was seen", () => {
    const [{ name } = { name: "" }] = CHECKED;
    const run = {
      day: "2026-11-28",
      on: "Cloudflare",
      results: { [name]: { verdict: "kinder" as const, saw: "101: yes" } },
    };
    expect(conformanceRows(ASSUMPTIONS, { local: null, cloudflare: run })[0]?.[3]).toBe("**kinder**: 101: yes");
  });

  it("has a recorded local observation for every check", () => {
    expect(Object.keys(readRecorded().local?.results ?? {}).sort()).toEqual(CHECKED.map(({ name }) => name).sort());
  });
});

it("the conformance Worker has the consumer's compatibility date", () => {
  const dateIn = (file: string) => /^compatibility_date = .*$/m.exec(readFileSync(join(ROOT, file), "utf8"))?.[0];
  expect(dateIn("test/platform/wrangler.toml")).toBe(dateIn("wrangler.consumer.toml"));
});
