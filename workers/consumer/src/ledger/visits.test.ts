import type { SiteResult } from "@prewarm/control-schema/sites";
import { describe, expect, it } from "vitest";
import type { TakenVisit } from "./contract.ts";
import { runEvents } from "./follow-ups.ts";
import { setup, T0 } from "./testing/setup.ts";

const SITEMAPS = ["https://shop.example.com/sitemap.xml"];
const DAY_S = 86_400;

const RESULT: Omit<SiteResult, "visit" | "reason" | "startedAt"> = {
  ...{ endedAt: T0, fault: null, pages: 2, failed: 0, leftOut: 0, share: 50, isWarm: false, run: null },
  counts: { warm: 1, cold: 1, neverWarmed: 0, refused: 0, passedThrough: 0 },
  ...{ failures: [], worst: [], problems: [], lines: [], asked: [] },
};

function world(site: object = {}) {
  const told: { type: string; data: Record<string, unknown> }[] = [];
  const made = setup(
    {
      sites: { shop: { sitemaps: SITEMAPS, ...site } },
      events: [{ url: "https://events.example.com/in", secrets: ["S"] }],
    },
    {
      deliver: async ({ body }) => {
        told.push(JSON.parse(body));
        return { status: 200, said: "" };
      },
    },
  );
  const { ledger, transactions, deps } = made;
  const take = (owner = "o1") => ledger.takeVisit(owner);
  const must = (taken: TakenVisit | null): TakenVisit => {
    if (taken === null) throw new Error("no visit is due");
    return taken;
  };
  const keep = (taken: TakenVisit, more: object = {}, owner = "o1", result: SiteResult | null = null) =>
    ledger.keepVisit({ site: "shop", owner, visit: { ...taken.visit, ...more }, result, leavesMs: null });
  const end = (taken: TakenVisit, more: Partial<SiteResult> = {}, owner = "o1") => {
    const { visit, reason, startedAt } = taken.visit;
    return keep(taken, {}, owner, { ...RESULT, visit, reason, startedAt, ...more });
  };
  const events = async () => {
    await runEvents(transactions, deps);
    return told.splice(0).map(({ type, data }) => [type, data.reason, data.share]);
  };
  return { ...made, take, must, keep, end, events, shown: () => ledger.listSites()[0] };
}

describe("a visit is due", () => {
  it("at once for a new site, then each night at its hour, and once only", () => {
    const { take, must, end, clock } = world({ hour: 4 });
    const first = must(take());
    expect(first.visit).toMatchObject({ visit: 1, reason: "night", step: "list" });
    end(first);
    expect(take()).toBeNull();
    clock.ms = T0 + 15.9 * 3_600_000; // 3:54 of the next day
    expect(take()).toBeNull();
    clock.ms = T0 + 16 * 3_600_000;
    end(must(take()));
    clock.advance(DAY_S - 60);
    expect(take()).toBeNull();
    clock.advance(60);
    expect(must(take()).visit.visit).toBe(3);
  });

  it("after deploys only where the hour is null", () => {
    const { take, ledger } = world({ hour: null });
    expect(take()).toBeNull();
    ledger.askVisits(["shop", "no site"], "deploy", "hook deploy");
    expect(take()?.visit).toMatchObject({ reason: "deploy", who: "hook deploy" });
  });

  it("again when a deploy comes during a visit, and once for several deploys", () => {
    const { take, must, end, ledger, shown } = world({ hour: null });
    ledger.askVisits(["shop"], "deploy", "a");
    const first = must(take());
    ledger.askVisits(["shop"], "deploy", "b");
    ledger.askVisits(["shop"], "deploy", "c");
    expect(must(take()).visit.visit).toBe(1);
    end(first);
    expect(shown()).toMatchObject({ visit: null, wanted: "deploy" });
    end(must(take()));
    expect(take()).toBeNull();
    expect(shown()?.history.map(({ visit }) => visit)).toEqual([2, 1]);
  });

  it("not beyond the pages of a day, which a crash does not count twice", () => {
    const { take, must, keep, end, ledger, clock } = world({ hour: null, pagesPerDay: 10 });
    ledger.askVisits(["shop"], "deploy", "a");
    const first = must(take());
    expect(first.pagesLeft).toBe(10);
    keep(first, { read: 6 });
    keep(first, { read: 6 });
    expect(take()?.pagesLeft).toBe(4);
    keep(first, { read: 10 });
    end({ ...first, visit: { ...first.visit, read: 10 } });
    ledger.askVisits(["shop"], "deploy", "b");
    expect(take()).toBeNull();
    clock.advance(DAY_S);
    expect(take()?.pagesLeft).toBe(10);
  });
});

describe("the lease of a visit", () => {
  it("keeps others away until it ends, and then the first handler has lost it", () => {
    const { take, must, keep, end, clock, shown } = world();
    const mine = must(take("o1"));
    expect(take("o2")).toBeNull();
    expect(keep(mine, { step: "read", pages: 5, read: 2 }, "o1")).toBe(true);
    clock.advance(119);
    expect(take("o2")).toBeNull();
    clock.advance(2);
    const theirs = must(take("o2"));
    expect(theirs.visit).toMatchObject({ visit: 1, step: "read", read: 2 });
    expect(keep(mine, { read: 4 }, "o1")).toBe(false);
    expect(end(mine, {}, "o1")).toBe(false);
    expect(shown()?.visit).toMatchObject({ read: 2 });
  });

  it("is given up by a handler that leaves", () => {
    const { take, must, ledger, clock } = world();
    const { site, visit } = must(take("o1"));
    ledger.keepVisit({ site, owner: "o1", visit, result: null, leavesMs: 0 });
    expect(take("o2")?.visit.visit).toBe(1);
    ledger.keepVisit({ site, owner: "o2", visit, result: null, leavesMs: 2000 });
    clock.advance(1.9);
    expect(take("o3")).toBeNull();
    clock.advance(0.1);
    expect(take("o3")?.visit.visit).toBe(1);
  });
});

describe("what came of a visit is told", () => {
  it("after each deploy, and after a night that changed it", async () => {
    const { take, must, end, events, ledger, clock } = world();
    end(must(take()));
    expect(await events()).toEqual([["site.cold", "night", 50]]);
    clock.advance(DAY_S);
    end(must(take()));
    expect(await events()).toEqual([]);
    clock.advance(DAY_S);
    end(must(take()), { isWarm: true, share: 100 });
    expect(await events()).toEqual([["site.warm", "night", 100]]);
    ledger.askVisits(["shop"], "deploy", "hook");
    end(must(take()), { isWarm: true, share: 100 });
    expect(await events()).toEqual([["site.warm", "deploy", 100]]);
  });

  it("once, when the end is kept twice", async () => {
    const { take, must, end, events, shown } = world();
    const taken = must(take());
    expect([end(taken), end(taken)]).toEqual([true, true]);
    expect(await events()).toHaveLength(1);
    expect(shown()?.history).toHaveLength(1);
  });
});
