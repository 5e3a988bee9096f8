import { expect, it } from "vitest";
import { createApiWorld, VIEWER } from "./testing/api-world.ts";

const SITES = {
  shop: { sitemaps: ["https://shop.example.com/sitemap.xml"], warm: true },
  blog: { sitemaps: ["https://blog.example.com/s.xml"] },
};

it("an operator has a site visited, and everybody who looks sees how far it is and what came of it", async () => {
  const { json, ledger, call, advance } = createApiWorld({ sites: SITES });
  expect(await json("POST", "/api/v1/sites/shop/visit")).toEqual({
    status: 202,
    body: { site: "shop", wanted: "hand" },
  });
  expect(await json("POST", "/api/v1/sites/none/visit")).toMatchObject({ status: 404 });
  const taken = ledger.takeVisit("o");
  if (taken === null) throw new Error("no visit is due");
  const visit = { ...taken.visit, step: "read" as const, pages: 9, read: 4 };
  ledger.keepVisit({ site: "shop", owner: "o", visit, result: null, leavesMs: null });
  expect((await json("GET", "/api/v1/sites", { token: VIEWER })).body).toMatchObject({
    sites: [
      {
        name: "shop",
        warm: true,
        visit: { visit: 1, reason: "hand", step: "read", pages: 9, read: 4 },
        last: null,
        history: [],
      },
      { name: "blog", warm: false, visit: null, wanted: null },
    ],
  });
  expect(await (await call("GET", "/metrics")).text()).not.toContain("prewarm_site_");
  advance(5_000);
  const counts = { warm: 3, cold: 1, neverWarmed: 0, refused: 0, passedThrough: 2 };
  const result = {
    ...{ visit: 1, reason: "hand" as const, startedAt: visit.startedAt, endedAt: visit.startedAt + 5_000, fault: null },
    ...{ pages: 9, failed: 1, leftOut: 0, counts, share: 75, isWarm: false, run: null },
    ...{ failures: [], worst: [], problems: [], lines: [], asked: [] },
  };
  ledger.keepVisit({ site: "shop", owner: "o", visit, result, leavesMs: 0 });
  expect((await json("GET", "/api/v1/sites")).body).toMatchObject({
    sites: [{ visit: null, last: result, history: [{ visit: 1, share: 75, counts }] }, { history: [] }],
  });
  const metrics = await (await call("GET", "/metrics")).text();
  for (const line of [
    'warm_percent{site="shop"} 75',
    'urls{site="shop",state="cold"} 1',
    'pages_failed{site="shop"} 1',
  ])
    expect(metrics).toContain(`prewarm_site_${line}\n`);
  const { body: audit } = await json("GET", "/api/v1/audit");
  expect(audit).toMatchObject({ entries: [{ what: "site.visit", target: "shop", details: { reason: "hand" } }] });
});
