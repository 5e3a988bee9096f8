import { expect, it } from "vitest";
import { PERMANENT, setup, TRANSIENT } from "../testing/setup.ts";

const REFUSED = { kind: "refused", code: "missing", until: 0, message: "the original answered 404" } as const;

it("a trouble has the cause of the jobs that stand failed: they are tried again, dead or refused", () => {
  const { ledger, granted, settle, clock } = setup();
  for (const n of [1, 2, 3]) settle("a", granted("a", `shop%2F${n}/1-high.webp`), TRANSIENT);
  settle("b", granted("b", "shop%2F4/1-high.avif"), PERMANENT);
  settle("c", granted("c", "blog%2F5/1-high.webp"), { ...REFUSED, until: clock.ms + 86_400_000 });
  const { failing, died, refusing } = ledger.stats().troubles;
  expect(failing).toMatchObject({ n: 4, of: 4, top: { count: 4, of: 4, formats: ["avif", "webp"], prefix: "shop/" } });
  expect(died).toMatchObject({ n: 1, top: { code: "upstream_failed", count: 1, formats: ["avif"] } });
  expect(refusing).toMatchObject({ n: 1, top: { code: "missing", count: 1, prefix: "blog/" } });
});

it("a cause is known after an eviction, for as long as its failures count", () => {
  const { ledger, granted, settle, clock, evict } = setup();
  settle("a", granted("a", "a/1-high.webp"), PERMANENT);
  expect(evict().stats().troubles.died?.top?.count).toBe(1);
  clock.advance(6 * 60);
  expect(ledger.stats().troubles).toMatchObject({ failing: null, died: { n: 1, top: { count: 1 } } });
  clock.advance(55 * 60);
  expect(ledger.stats().troubles).toEqual({ failing: null, refusing: null, died: null });
});

it("the most frequent cause is that of the newest forty jobs, and of those that failed within the hour", () => {
  const { ledger, granted, settle, clock } = setup();
  const top = () => ledger.stats().troubles.died?.top;
  const fail = (id: string, message: string) =>
    settle(id, granted(id, `${id}/1-high.webp`), {
      ...{ kind: "failed", class: "permanent", external: "ended" },
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
