import { nodeSql } from "@prewarm/durable-queue/testing";
import { ENCODED_ID_MAX_BYTES } from "@prewarm/shared/limits";
import { encodeId } from "@prewarm/shared/variant-key";
import { expect, it } from "vitest";
import { actionSlice } from "../../src/console/actions.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

/** Ids as long as they may be, a thousand of them: what a call may name at once. */
const IDS = Array.from({ length: 1_000 }, (_, n) =>
  `${"щ".repeat(110)}${n}`.padEnd(110 + ENCODED_ID_MAX_BYTES - 660, "x"),
);
const KEYS = IDS.map((id) => `${encodeId(id)}/w=8192&h=8192&fit=cover&pos=bottom&q=very_high&dpr=3.avif`);

it("a value, a statement and its parameters stay within the platform's limits, however long the ids of a call are", () => {
  const { ledger, order, call, settle, transactions, sql } = setup({
    gate: { concurrency: 10_000, ratePerSecond: 1_000 },
  });
  order({ keys: KEYS });
  for (let calls = 0; ledger.stats().rows > 0 && calls < 200; calls += 1) {
    for (const one of call("o").give)
      settle("o", one, { kind: "present", objectGen: one.gen, bytes: 1, posted: false });
  }
  expect(ledger.stats().rows).toBe(0);
  call("o", { leave: true });
  expect(Number(sql.exec("SELECT max(length(body)) AS n FROM recent")[0]?.n)).toBeLessThan(60_000);

  order({ keys: KEYS, force: true });
  ledger.lookUp(KEYS);
  ledger.imageRows(IDS[0] ?? "", KEYS);
  const objects = KEYS.map((key) => ({ key, gen: 1 }));
  const page = { from: "", to: null, at: 0, objects, markers: KEYS };
  ledger.doctorSlice({ page, fix: true, keep: true, who: "test" });
  ledger.createAction({
    kind: "retry",
    filter: {},
    rate: null,
    who: "test",
    match: {
      states: [],
      lanes: [],
      run: null,
      id: null,
      format: null,
      error: null,
      text: [],
      fingerprint: null,
      jobs: IDS.map((_, n) => n.toString(36)),
    },
  });
  transactions.write(actionSlice);
  expect(ledger.stats().rows).toBe(1_000);
});

it("a value above two megabytes, a hundred and one parameters and a statement above 100 kB are refused here too", () => {
  const sql = nodeSql();
  expect(() => sql.exec("SELECT ?", "щ".repeat(1_000_001))).toThrow("a value of");
  expect(sql.exec("SELECT length(?) AS n", "щ".repeat(1_000_000))).toEqual([{ n: 1_000_000 }]);
  const many = Array<number>(101).fill(1);
  expect(() => sql.exec(`SELECT ${many.map(() => "?").join()}`, ...many)).toThrow("101 parameters");
  expect(() => sql.exec(`SELECT 1 -- ${"x".repeat(100_000)}`)).toThrow("a statement of");
});
