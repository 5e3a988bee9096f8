import type { Costs } from "@prewarm/control-schema/costs";
import type { Stats } from "@prewarm/control-schema/stats";
import { dataPoint } from "@prewarm/shared/views";
import { describe, expect, it } from "vitest";
import { LOCAL_DATASET, openAnalytics } from "../../../../dev/analytics.ts";
import { createAnalytics } from "../serving/analytics.ts";
import { type ApiWorld, createApiWorld, endAll, key, START, VIEWER, warm } from "./testing/api-world.ts";

const PRICED = { budget: { per1000Jobs: 500 } };

async function costsOf(world: ApiWorld, query: string): Promise<Costs> {
  const { status, body } = await world.json("GET", `/api/v1/costs?${query}`, { token: VIEWER });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as unknown as Costs;
}

describe("the cost of things", () => {
  it("is the budget's jobs and money in each dimension, mistakes included", async () => {
    const world = createApiWorld(PRICED);
    await warm(world, ["shop/a.jpg", "shop/b.jpg", "c.jpg"], { label: "spring" });
    endAll(world, (one) => (one === key("c.jpg") ? ["dead", "it failed"] : ["stored", ""]));
    const stats = (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
    expect([stats.budget.used, stats.spent.month]).toEqual([6, 3]);
    for (const by of ["folder", "width", "format", "run"]) {
      const { rows, total } = await costsOf(world, `by=${by}`);
      expect([by, rows.reduce((sum, { jobs }) => sum + jobs, 0)]).toEqual([by, stats.budget.used]);
      expect(rows.reduce((sum, { amount }) => sum + (amount ?? 0), 0)).toBe(stats.spent.month);
      expect(total).toEqual({ jobs: 6, stored: 5, bytes: 5 * 1234, amount: 3, mistakes: 1 });
    }
    const { rows } = await costsOf(world, "by=folder");
    expect(rows).toMatchObject([
      { name: "shop/", jobs: 4, stored: 4, amount: 2 },
      { name: "", jobs: 2, stored: 1, amount: 1 },
    ]);
    expect((await costsOf(world, "by=run")).rows).toMatchObject([{ label: "spring", jobs: 6 }]);
    expect((await costsOf(world, "by=mistake")).rows).toMatchObject([
      { name: "upstream_failed", jobs: 1, amount: 0.5, label: expect.stringMatching(/Ittybit/) },
    ]);
    expect((await costsOf(world, "by=image&limit=1")).rows).toMatchObject([{ name: "shop/a.jpg", jobs: 2 }]);
  });

  it("has no amount without a price, and is of this month unless `from` says otherwise", async () => {
    const world = createApiWorld();
    await warm(world, ["a.jpg"]);
    endAll(world, () => ["stored", ""]);
    world.advance(30 * 86_400_000);
    const month = await costsOf(world, "by=width");
    expect(month).toMatchObject({ from: Date.UTC(2026, 11), total: { jobs: 0, amount: null }, rows: [] });
    const all = await costsOf(world, `by=width&from=${START}&sort=name`);
    expect(all.rows.map(({ name, amount }) => [name, amount])).toEqual([
      ["400", null],
      ["800", null],
    ]);
  });

  it("pages, and looks at 92 days at most", async () => {
    const world = createApiWorld();
    await warm(world, ["a.jpg"]);
    endAll(world, () => ["stored", ""]);
    const first = await costsOf(world, "by=width&limit=1");
    const second = await costsOf(world, `by=width&limit=1&cursor=${first.nextCursor}`);
    expect([first.rows[0]?.name, second.rows[0]?.name, second.nextCursor]).toEqual(["400", "800", null]);
    world.advance(200 * 86_400_000);
    const { from, to } = await costsOf(world, "by=width&from=0");
    expect(Math.floor(to / 86_400_000) - from / 86_400_000).toBe(91);
  });

  it("shows the formats that were made and never requested, where views are counted", async () => {
    const store = openAnalytics(":memory:", START);
    const view = { outcome: "store", missedKey: "", weight: 7, bytes: 10, originalBytes: 0 } as const;
    store.write([dataPoint({ ...view, format: "avif" })], START);
    const fetcher: typeof fetch = async (_input, init) =>
      Response.json({ meta: [], data: store.query(String(init?.body).replace(/ FORMAT JSON$/, "")) });
    const where = { url: "https://api.example.com/v4", account: "acc", token: "t0ken", dataset: LOCAL_DATASET };
    const recipes = { upload: ["w=400&f=webp", "w=400&f=avif"] };
    const world = createApiWorld({ recipes }, { analytics: createAnalytics(where, fetcher) });
    await warm(world, ["a.jpg"]);
    endAll(world, () => ["stored", ""]);
    const { rows, views } = await costsOf(world, "by=format");
    expect(Object.fromEntries(rows.map((row) => [row.name, row.views]))).toEqual({ webp: 0, avif: 7 });
    expect(views).toEqual({ state: "counted", oneIn: 1 });
    const uncounted = createApiWorld({ recipes });
    await warm(uncounted, ["a.jpg"]);
    endAll(uncounted, () => ["stored", ""]);
    const off = await costsOf(uncounted, "by=format");
    expect([off.views?.state, off.rows.map((row) => row.views)]).toEqual(["off", [null, null]]);
    expect((await costsOf(uncounted, "by=width")).views).toBeNull();
  });
});
