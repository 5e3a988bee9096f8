import type { CostSort, Dimension } from "@prewarm/control-schema/costs";
import { describe, expect, it } from "vitest";
import { PERMANENT, STORED, setup, T0, TRANSIENT } from "../testing/setup.ts";

const DAY_MS = 86_400_000;

function world() {
  const ledger = setup();
  const costs = (
    by: Dimension,
    more: { from?: number; to?: number; sort?: CostSort; skip?: number; limit?: number } = {},
  ) => ledger.ledger.listCosts({ by, from: 0, to: ledger.clock.ms, sort: "cost", skip: 0, limit: 50, ...more });
  const jobsBy = (by: Dimension) => Object.fromEntries(costs(by).rows.map(({ name, jobs }) => [name, jobs]));
  const used = () => ledger.ledger.getGate().budget.used;
  /** Stores a variant by a worker that has come since. */
  const makeAs = (owner: string, key: string) => ledger.settle(owner, ledger.granted(owner, key), STORED);
  return { ...ledger, costs, jobsBy, used, makeAs };
}

/** What each dimension says that all jobs cost. */
function sums({ costs }: Pick<ReturnType<typeof world>, "costs">): number[] {
  return (["folder", "width", "format", "run"] as const).map((by) =>
    costs(by).rows.reduce((sum, { jobs }) => sum + jobs, 0),
  );
}

describe("what jobs cost", () => {
  it("is told apart by folder, width, format and run, with what was stored for it", () => {
    const { made, costs, jobsBy } = world();
    made("shop%2Fred%2Fa/400-high.webp");
    made("shop%2Fred%2Fa/400-high.avif");
    made("b/800x600-cover-high.webp");
    expect(jobsBy("folder")).toEqual({ "shop/red/": 2, "": 1 });
    expect(jobsBy("width")).toEqual({ 400: 2, 800: 1 });
    expect(jobsBy("format")).toEqual({ webp: 2, avif: 1 });
    const { total, rows } = costs("format");
    expect(total).toEqual({ jobs: 3, stored: 3, bytes: 30, mistakes: 0 });
    expect(rows[0]).toEqual({ name: "webp", label: null, jobs: 2, stored: 2, bytes: 20 });
    expect(costs("run").rows).toMatchObject([{ jobs: 3 }]);
  });

  it("is the budget's number in every dimension, whatever becomes of the jobs", () => {
    const one = world();
    const { granted, settle, submit, made, purge, cancel, clock, used, jobsBy, makeAs } = one;
    made("a/400-high.webp");
    settle("w1", granted("w1", "b/400-high.webp"), { kind: "unposted" });
    settle("w2", granted("w2", "c%2Fd/x400-high.webp"), PERMANENT);
    settle("w3", granted("w3", "e/400-high.png"), TRANSIENT);
    // The image is purged while its job is admitted, and no job is made.
    const late = granted("w4", "f%2Fg/800-high.webp");
    purge("f/g");
    settle("w4", late, { kind: "unposted" });
    // A job that is stored after its purge, and one that is cancelled, were paid for nothing.
    const purged = granted("w5", "h/800-high.webp");
    submit("w5", purged);
    purge("h");
    settle("w5", purged, STORED);
    const cancelled = granted("w6", "i/800-high.webp");
    submit("w6", cancelled);
    cancel("i/800-high.webp");
    settle("w6", cancelled, PERMANENT);
    expect(used()).toBeGreaterThanOrEqual(5);
    expect(sums(one)).toEqual(Array(4).fill(used()));
    expect(jobsBy("mistake")).toEqual({ upstream_failed: 2, superseded: 1, cancelled: 1 });
    clock.advance(120);
    makeAs("w7", "j/400-high.webp");
    expect(sums(one)).toEqual(Array(4).fill(used()));
  });

  it("survives an eviction between admission and refund", () => {
    const one = world();
    const { granted, evict, clock } = one;
    const { id, gen } = granted("w1", "a/400-high.webp");
    const again = evict();
    again.exchange({
      owner: "w1",
      first: false,
      role: "work",
      room: 0,
      have: [],
      asks: [],
      submitted: [],
      leave: false,
      settled: [{ id, gen, outcome: { kind: "unposted" } }],
    });
    const rows = again.listCosts({ by: "width", from: 0, to: clock.ms, sort: "cost", skip: 0, limit: 9 }).rows;
    expect(rows).toEqual([]);
    expect(again.getGate().budget.used).toBe(0);
  });

  it("is of whole days, and is kept in their rows", () => {
    const { makeAs, clock, costs, sql } = world();
    makeAs("w1", "a/400-high.webp");
    clock.advance(DAY_MS / 1000);
    makeAs("w2", "b/400-high.webp");
    expect(costs("width").total.jobs).toBe(2);
    expect(costs("width", { from: T0 + DAY_MS }).total.jobs).toBe(1);
    expect(costs("width", { to: T0 + 1 }).total.jobs).toBe(1);
    expect(costs("width").countedFrom).toBe(T0 - (T0 % DAY_MS));
    expect(sql.exec("SELECT costs FROM hist WHERE costs IS NOT NULL").length).toBe(1);
  });

  it("sorts by cost, bytes, stored variants or name, and pages", () => {
    const { made, granted, settle, costs } = world();
    for (const name of ["400-high.webp", "400-high.avif", "80-high.webp"]) made(`a/${name}`);
    settle("w1", granted("w1", "a/1600-high.webp"), { kind: "stored", bytes: 900, tookMs: 1 });
    const names = (sort: CostSort) => costs("width", { sort }).rows.map(({ name }) => name);
    expect(names("cost")).toEqual(["400", "80", "1600"]);
    expect(names("bytes")).toEqual(["1600", "400", "80"]);
    expect(names("name")).toEqual(["80", "400", "1600"]);
    const page = costs("width", { skip: 1, limit: 1 });
    expect(page).toMatchObject({ rows: [{ name: "80" }], more: true, total: { jobs: 4 } });
    expect(costs("width", { skip: 2, limit: 1 }).more).toBe(false);
  });

  it("of an image counts the failed attempts before the stored one, and a purge takes nothing back", () => {
    const { granted, settle, submit, clock, call, ready, made, costs, ledger } = world();
    const key = "a/400-high.webp";
    const first = granted("w1", key);
    submit("w1", first);
    settle("w1", first, TRANSIENT);
    clock.advance(3_600);
    const second = ready("w2", call("w2").give).find((one) => one.key === key);
    if (second === undefined) throw new Error("it was not tried again");
    submit("w2", second);
    settle("w2", second, STORED);
    made("b/400-high.webp");
    ledger.purgeImage("a", null, "test");
    expect(costs("image").rows).toEqual([
      { name: "a", label: null, jobs: 2, stored: 1, bytes: 10 },
      { name: "b", label: null, jobs: 1, stored: 1, bytes: 10 },
    ]);
    const { images } = ledger.listImages({ search: "", sort: "cost", limit: 9 });
    expect(images.map(({ id, jobs, stored }) => [id, jobs, stored])).toEqual([
      ["a", 2, 0],
      ["b", 1, 1],
    ]);
  });
});
