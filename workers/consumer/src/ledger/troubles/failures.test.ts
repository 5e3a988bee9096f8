import { expect, it } from "vitest";
import type { VariantOutcome } from "../../images/calls.ts";
import type { Ledger } from "../ledger.ts";
import { numbersNow } from "../operator-calls.ts";
import { PERMANENT, setup, TRANSIENT } from "../testing/setup.ts";
import { failuresOf } from "./failures.ts";

const REFUSED = { kind: "refused", code: "missing", until: 0, message: "the original answered 404" } as const;

const failuresIn = ({ transactions }: Ledger) => transactions.read((tx) => failuresOf(tx, numbersNow(tx).counted));

it("a failure has the cause of the jobs that stand failed: they are tried again, dead or refused", () => {
  const { ledger, granted, settle, clock } = setup();
  for (const n of [1, 2, 3]) settle("a", granted("a", `shop%2F${n}/1-high.webp`), TRANSIENT);
  settle("b", granted("b", "shop%2F4/1-high.avif"), PERMANENT);
  settle("c", granted("c", "blog%2F5/1-high.webp"), { ...REFUSED, until: clock.ms + 86_400_000 });
  const { failing, died } = failuresIn(ledger);
  const top = { count: 4, of: 4, formats: ["avif", "webp"], folder: "shop/" };
  expect(failing).toMatchObject([{ part: "ittybit", host: null, n: 4, of: 4, top }]);
  expect(died).toMatchObject([{ n: 1, of: 2, top: { code: "upstream_failed", count: 1, formats: ["avif"] } }]);
});

it("each part has its share of the failures, the originals and the results with their host", () => {
  const { ledger, granted, settle } = setup();
  const fail = (id: string, code: string, message: string) => {
    const outcome = { kind: "failed", class: "permanent", external: "ended", failure: { code, message } } as const;
    settle("o", granted("o", `${id}/1-high.webp`), outcome);
  };
  for (const id of ["a", "b", "c"]) fail(id, "original_unreachable", "the original answered 403");
  fail("d", "output_unreachable", "results.example.net answered HTTP 503 (text/html)");
  fail("e", "internal", "undefined is no function");
  expect(failuresIn(ledger).died.map(({ part, host, n, of }) => [part, host, n, of])).toEqual([
    ["originals", "originals.example", 3, 5],
    ["queue", null, 1, 5],
    ["results", "results.example.net", 1, 5],
  ]);
});

it("refusals are judged for the run that asked, and for the folder of what viewers asked for", () => {
  const gate = { concurrency: 200, ratePerSecond: 200, burst: 200 };
  const { ledger, order, view, call, ready, settle, clock } = setup({ gate, budget: { month: null } });
  const refused = { ...REFUSED, until: clock.ms + 86_400_000 };
  const stored = { kind: "stored", bytes: 10, tookMs: 1_000 } as const;
  const end = (owner: string, outcome: (n: number) => VariantOutcome) => {
    let n = 0;
    for (let given = call(owner).give; given.length > 0; given = call(owner).give)
      for (const one of ready(owner, given)) settle(owner, one, outcome(n++));
  };
  const keys = (folder: string, n: number) => Array.from({ length: n }, (_, at) => `${folder}%2F${at}/1-high.webp`);
  order({ run: "third", keys: keys("autumn", 30) });
  end("a", (n) => (n % 3 === 0 ? refused : stored));
  order({ run: "few", keys: keys("winter", 30) });
  end("b", (n) => (n % 10 === 0 ? refused : stored));
  view("v", ...keys("viewed", 12));
  end("v", () => refused);
  expect(failuresIn(ledger).refused.map(({ run, n, of, top }) => [run?.id ?? null, n, of, top.folder])).toEqual([
    ["third", 10, 30, "autumn/"],
    [null, 12, 12, "viewed/"],
  ]);
});

it("a cause is known after an eviction, for as long as its failures count", () => {
  const { ledger, granted, settle, clock, evict } = setup();
  settle("a", granted("a", "a/1-high.webp"), PERMANENT);
  expect(failuresIn(evict()).died[0]?.top.count).toBe(1);
  clock.advance(6 * 60);
  expect(failuresIn(ledger)).toMatchObject({ failing: [], died: [{ n: 1, top: { count: 1 } }] });
  clock.advance(55 * 60);
  expect(failuresIn(ledger)).toEqual({ failing: [], died: [], refused: [] });
});

it("the most frequent cause is that of the newest forty jobs, and of those that failed within the hour", () => {
  const { ledger, granted, settle, clock } = setup();
  const top = () => failuresIn(ledger).died[0]?.top;
  const fail = (id: string, message: string) =>
    settle(id, granted(id, `${id}/1-high.webp`), {
      kind: "failed",
      class: "permanent",
      external: "ended",
      failure: { code: "upstream_failed", message },
    });
  for (const id of ["a", "b"]) fail(id, "out of memory");
  clock.advance(20 * 60);
  fail("c", "no such codec");
  expect(top()).toMatchObject({ text: "out of memory", count: 2, of: 3 });
  clock.advance(45 * 60);
  expect(top()).toMatchObject({ text: "no such codec", count: 1, of: 1 });
  for (let n = 0; n < 50; n += 1) {
    clock.advance(1);
    fail(`d${n}`, n < 5 ? "out of memory" : "no such codec");
  }
  expect(top()).toMatchObject({ text: "no such codec", count: 40, of: 40 });
});
