import { expect, it } from "vitest";
import { PERMANENT, setup, TRANSIENT } from "../testing/setup.ts";

const REFUSED = { kind: "refused", code: "missing", until: 0, message: "the original answered 404" } as const;

it("a trouble and its cause count the same events: attempts that failed, and jobs that died or were refused", () => {
  const { ledger, granted, settle, clock } = setup();
  for (const n of [1, 2, 3]) settle("a", granted("a", `shop%2F${n}/1-high.webp`), TRANSIENT);
  settle("b", granted("b", "shop%2F4/1-high.avif"), PERMANENT);
  settle("c", granted("c", "blog%2F5/1-high.webp"), { ...REFUSED, until: clock.ms + 86_400_000 });
  const { failing, died, refusing } = ledger.stats().troubles;
  expect(failing).toMatchObject({ n: 4, of: 4, top: { count: 4, formats: ["avif", "webp"], prefix: "shop/" } });
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

it("the most frequent cause is that of the whole time, and failures of more than an hour ago are forgotten", () => {
  const { ledger, granted, settle, clock, sql } = setup();
  const fail = (id: string, message: string) =>
    settle(id, granted(id, `${id}/1-high.webp`), {
      ...{ kind: "failed", class: "permanent", posted: true, ended: true },
      failure: { code: "upstream_failed", message },
    });
  fail("a", "out of memory");
  clock.advance(20 * 60);
  for (const id of ["b", "c"]) fail(id, "no such codec");
  expect(ledger.stats().troubles.died?.top).toMatchObject({ message: "no such codec", count: 2 });
  clock.advance(45 * 60);
  fail("d", "no such codec");
  const kept = JSON.parse(String(sql.exec("SELECT body FROM docs WHERE name = 'failures'")[0]?.body));
  expect(Object.values<{ message: string }>(kept.names).map(({ message }) => message)).toEqual(["no such codec"]);
});
