import type { CoverageReport } from "@prewarm/control-schema/coverage";
import { dataPoint, type View } from "@prewarm/shared/views";
import { describe, expect, it } from "vitest";
import { openAnalytics } from "../../../../dev/analytics.ts";
import { createApiWorld } from "./testing/api-world.ts";

const DATASET = "prewarm_views";
const DAY_MS = 86_400_000;
const PAGES = { widths: [320, 640], formats: ["webp"] } as const;

const miss = (id: string, name: string): View => view("original", `${id}/${name}`);
const hit = (name: string): View => view("store", name);
const view = (outcome: View["outcome"], missedKey: string): View => {
  return { outcome, missedKey, format: "webp", weight: 1, bytes: 0, originalBytes: 0 };
};

/** What pages ask for is reported, unless it is nothing. `points`: views of today and of yesterday. */
function world(asked: string[], points: View[], more: Partial<CoverageReport> = {}) {
  const store = openAnalytics(":memory:");
  const analytics = { dataset: DATASET, query: async (sql: string) => store.query(sql) };
  const made = createApiWorld({ pages: PAGES, recipes: {}, presets: {}, budget: { per1000Jobs: 2 } }, { analytics });
  const now = made.deps.clock.now();
  for (const at of [now - DAY_MS, now]) store.write(points.map(dataPoint), at);
  const counts = { warm: 1, cold: 0, neverWarmed: 0, refused: 0, passedThrough: 0 };
  const report = { site: "dist", pages: 9, failed: 0, isWhole: true, share: 100, counts, problems: [], lines: [] };
  if (asked.length > 0) made.ledger.keepReport("shop", { ...report, asked, ...more }, "ci");
  for (const id of ["a", "b", "c"]) void made.bucket.bucket.put(`variants/${id}/320-high.webp`, "x");
  return made;
}

const learned = async (made: ReturnType<typeof world>) => (await made.json("GET", "/api/v1/recipe/suggestion")).body;
const transform = (width: number) => `w=${width}&q=high&f=webp`;
const missed = ["a", "b", "c"].flatMap((id) => [miss(id, "960-high.webp"), miss(id, "960-high.webp")]);

describe("the suggestion", () => {
  it("adds what pages ask for and viewers missed, and drops what no page asks for, with views and money", async () => {
    const asked = [transform(320), transform(960)];
    const made = world(asked, [...missed, hit("640-high.webp"), hit("320-high.webp")]);
    expect(await learned(made)).toMatchObject({
      state: "learned",
      text: null,
      jobs: { before: 4, after: 4 },
      add: [{ line: "pages.widths: add 960", views: 12, images: 3, days: 2, jobsPerUpload: 1, amount: 0.002 }],
      drop: [{ line: "widths high", spec: "w=640&f=webp", views: 2, jobsPerUpload: 1, amount: 0.002 }],
      pages: { widths: [320, 960] },
    });
  });

  it.each([
    ["of a width that no page asks for", ["a", "b", "c"].map((id) => miss(id, "1440-high.webp"))],
    ["of images that nobody has", ["x", "y", "z"].map((id) => miss(id, "960-high.webp"))],
    ["of too few images", ["a", "b"].flatMap((id) => [miss(id, "960-high.webp"), miss(id, "960-high.webp")])],
  ])("takes no line from misses %s", async (_, points) => {
    const made = world([transform(320), transform(640), transform(960)], points);
    expect(await learned(made)).toMatchObject({ add: [], drop: [], pages: { widths: [320, 640] } });
  });

  it("drops nothing while a page was not read", async () => {
    const made = world([transform(320), transform(960)], missed, { isWhole: false });
    expect(await learned(made)).toMatchObject({ add: [{ views: 12 }], drop: [], pages: { widths: [320, 640, 960] } });
  });

  it("drops nothing by a report of before the views", async () => {
    const made = world([transform(320)], []);
    made.advance(31 * DAY_MS);
    expect(await learned(made)).toMatchObject({
      state: "learned",
      text: expect.stringContaining("older than 30 days"),
      drop: [],
    });
  });

  it("says what is needed: a report, and counted views", async () => {
    expect(await learned(world([], missed))).toMatchObject({ state: "unreported", add: [], drop: [] });
    const { deps, json } = createApiWorld();
    expect(deps.analytics).toBeNull();
    expect((await json("GET", "/api/v1/recipe/suggestion")).body).toMatchObject({ state: "unreported" });
  });
});
