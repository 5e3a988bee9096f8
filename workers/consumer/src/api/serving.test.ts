import { dataPoint, type View, type ViewOutcome } from "@prewarm/shared/views";
import { describe, expect, it } from "vitest";
import { type AnalyticsStore, LOCAL_DATASET, openAnalytics } from "../../../../dev/analytics.ts";
import { createAnalytics } from "../serving/analytics.ts";
import { createApiWorld, START, VIEWER } from "./testing/api-world.ts";

const HOUR = 3_600_000;

const view = (outcome: ViewOutcome, more: Partial<View> = {}): View => {
  return { outcome, format: "webp", missedKey: "", weight: 1, bytes: 0, originalBytes: 0, ...more };
};

/** An API whose analytics are the local twin's, behind HTTP as they are in production. */
function counted(store: AnalyticsStore, answer?: () => Response) {
  const asked: { url: string; sql: string; token: string | null }[] = [];
  const fetcher: typeof fetch = async (input, init) => {
    const sql = String(init?.body);
    asked.push({ url: String(input), sql, token: new Headers(init?.headers).get("Authorization") });
    return answer?.() ?? Response.json({ meta: [], data: store.query(sql.replace(/ FORMAT JSON$/, "")) });
  };
  const where = { url: "https://api.example.com/v4", account: "acc", token: "t0ken", dataset: LOCAL_DATASET };
  return { asked, world: createApiWorld({}, { analytics: createAnalytics(where, fetcher) }) };
}

const HITS = [
  view("cache", { bytes: 1_000, originalBytes: 5_000 }),
  view("store", { bytes: 1_000, originalBytes: 5_000 }),
  view("cache", { format: "avif", bytes: 800 }),
];

describe("what the edge served", () => {
  it("is summed by outcome, format and hour, with weights, and with the bytes that were saved", async () => {
    const store = openAnalytics(":memory:", START);
    store.write(HITS.map(dataPoint), START - 2 * HOUR);
    store.write([dataPoint(view("cache", { weight: 10, bytes: 1_000, originalBytes: 5_000 }))], START - 2 * HOUR);
    store.write([view("original"), view("failed"), view("bypass"), view("refused")].map(dataPoint), START);
    store.write([dataPoint(view("cache"))], START - 30 * HOUR);
    const { body } = await counted(store).world.json("GET", "/api/v1/serving", { token: VIEWER });
    expect(body).toMatchObject({
      window: "1d",
      state: "counted",
      text: null,
      oneIn: 1,
      from: START - 23 * HOUR,
      views: { cache: 12, store: 1, original: 1, failed: 1, bypass: 1, refused: 1, placeholder: 0, "stand-in": 0 },
      hitRatio: 13 / 15,
      bytes: 12_800,
      savedBytes: 48_000,
      originalBytes: 60_000,
      formats: [
        { format: "avif", views: 1, bytes: 800, savedBytes: 0 },
        { format: "webp", views: 12, bytes: 12_000, savedBytes: 48_000 },
      ],
    });
    const buckets = body.buckets as { at: number; hits: number; others: number }[];
    expect(buckets).toHaveLength(24);
    expect(buckets.filter(({ hits, others }) => hits + others > 0)).toEqual([
      { at: START - 2 * HOUR, hits: 13, others: 0 },
      { at: START, hits: 0, others: 2 },
    ]);
  });

  it("names what was missed most, and what of it is stored by now", async () => {
    const store = openAnalytics(":memory:", START);
    const missed = (missedKey: string, weight: number) => dataPoint(view("original", { missedKey, weight }));
    store.write([missed("a%2Fb.jpg/800-high.webp", 3), missed("c.jpg/400-high.webp", 9), missed("?/?", 99)], START);
    const { world } = counted(store);
    await world.bucket.bucket.put("variants/c.jpg/400-high.webp", "picture");
    const { body } = await world.json("GET", "/api/v1/serving?window=1h");
    expect(body.missed).toMatchObject([
      { id: "c.jpg", transform: "w=400&q=high&f=webp", v: null, views: 9, stored: true },
      { id: "a/b.jpg", transform: "w=800&q=high&f=webp", v: null, views: 3, stored: false },
    ]);
  });

  it("is read once a minute, with the account's token, however many pages ask", async () => {
    const { world, asked } = counted(openAnalytics(":memory:", START));
    await Promise.all([1, 2, 3].map(() => world.json("GET", "/api/v1/serving")));
    expect([asked.length, asked[0]?.url, asked[0]?.token]).toEqual([
      2,
      "https://api.example.com/v4/accounts/acc/analytics_engine/sql",
      "Bearer t0ken",
    ]);
    world.advance(60_000);
    await world.json("GET", "/api/v1/serving");
    expect(asked).toHaveLength(4);
  });
});

describe("where views cannot be read", () => {
  it("the answer says how to switch them on", async () => {
    const { body } = await createApiWorld().json("GET", "/api/v1/serving");
    expect(body).toMatchObject({ state: "off", text: expect.stringMatching(/ANALYTICS_TOKEN/), hitRatio: null });
  });

  it.each([
    ["a refusal", () => new Response("Authentication error", { status: 403 }), /403: Authentication error/],
    ["what is no JSON", () => new Response("<html>"), /JSON/],
    ["another shape", () => Response.json({ data: [{ views: "?" }] }), /Analytics Engine cannot be read/],
  ])("%s is told, not thrown", async (_what, answer, text) => {
    const { world } = counted(openAnalytics(":memory:", START), answer);
    const { status, body } = await world.json("GET", "/api/v1/serving");
    expect([status, body.state, body.text]).toEqual([200, "unreadable", expect.stringMatching(text)]);
  });

  it("a dataset's name that is no name is told, and never comes into a query", async () => {
    const where = { url: "https://a.example", account: "a", token: "t", dataset: "x; DROP TABLE" };
    const analytics = createAnalytics(where, () => Promise.reject(new Error("it was asked")));
    const { body } = await createApiWorld({}, { analytics }).json("GET", "/api/v1/serving");
    expect(body).toMatchObject({
      state: "unreadable",
      text: expect.stringMatching(/VIEWS_DATASET: x; .* no dataset's name/),
    });
  });

  it("half of the secrets is told by the name of what is missing", async () => {
    const where = { url: "https://a.example", account: "a", token: "", dataset: LOCAL_DATASET };
    const analytics = createAnalytics(where, () => Promise.reject(new Error("it was asked")));
    const { body } = await createApiWorld({}, { analytics }).json("GET", "/api/v1/serving");
    expect(body).toMatchObject({ state: "unreadable", text: expect.stringMatching(/: ANALYTICS_TOKEN is not set$/) });
  });

  it("countViews 0 says so", async () => {
    const store = openAnalytics(":memory:", START);
    const { deps } = counted(store).world;
    const { body } = await createApiWorld({ countViews: 0 }, { analytics: deps.analytics }).json(
      "GET",
      "/api/v1/serving",
    );
    expect(body).toMatchObject({ state: "off", text: expect.stringMatching(/countViews is 0/) });
  });
});
