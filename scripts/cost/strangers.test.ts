import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { listUsd, PATHS } from "../../packages/shared/src/cost/operations.ts";
import { PRICES } from "../../packages/shared/src/cost/prices.ts";
import { dayBill, hookDay, imageDay, monthBill, requestsTable, strangersLines, strangersTable } from "./strangers.ts";

const config = (more: Partial<Parameters<typeof defineConfig>[0]> = {}) =>
  defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...more });

describe("what strangers cost", () => {
  it("is the viewers' share and slice of the budget, in jobs, however many they are", () => {
    const site = config({ budget: { month: 20_000, shares: { live: 0.4, liveDay: 0.05 } } });
    expect([dayBill(site, 1).jobs, dayBill(site, 1_000).jobs]).toEqual([400, 400]);
    expect([monthBill(site, 1).jobs, monthBill(site, 1_000).jobs]).toEqual([8_000, 8_000]);
  });

  it("has no limit where the budget has none, and says so", () => {
    const site = config({ budget: { month: null } });
    expect(strangersTable(site)).toContain("no limit");
    expect(strangersLines(site).join(" ")).not.toContain("NaN");
  });

  it("is printed at start with every figure of the page", () => {
    const cells = (lines: string[]) => lines.map((line) => line.split(/ {2,}|\s*\|\s*/).filter((cell) => cell !== ""));
    const rows = (table: string) => table.split("\n").filter((_, n) => n !== 1);
    const page = [...rows(strangersTable(config())), "", ...rows(requestsTable())];
    expect(cells(strangersLines(config()))).toEqual(cells(page));
    expect(cells(page)).toHaveLength(15);
  });

  it("says how many reads a request costs, and what a million of them do", () => {
    expect(requestsTable()).toMatch(/hit in R2 \| 1 \| \$0\.69 /);
    expect(requestsTable()).toMatch(/hit in R2 by f=auto \| 2 \| \$1\.05 /);
    expect(requestsTable()).toMatch(/HEAD of a miss \| 2 \| \$1\.05 /);
    expect(requestsTable()).toMatch(/a miss \| 3 \| \$1\.41 /);
    expect(requestsTable()).toMatch(/a miss by f=auto \| 4 \| \$1\.77 /);
  });

  it("counts Ittybit's price when it is known", () => {
    const free = monthBill(config(), 1).usd;
    expect(monthBill(config({ budget: { per1000Jobs: 2 } }), 1).usd - free).toBeCloseTo(100);
  });

  it.each([
    [1, dayBill, 1],
    [1, monthBill, 30],
    [1_000, dayBill, 1],
    [1_000, monthBill, 30],
  ] as const)(
    "is in dollars the counts by the prices of `prewarm costs --estimate`, from %i addresses (%o, %i days)",
    (addresses, bill, days) => {
      const each = (unit: keyof typeof PRICES) => PRICES[unit].usd;
      const { messages, reads, checks, rows, jobs, bytes, usd } = bill(config(), addresses);
      expect(reads).toBe(4 * messages);
      const log = each("logBytes") + (7 / 30 / 1e9) * each("logGbMonth");
      const request = each("request") + each("cpuMs") + 2_000 * 0.01 * log;
      const message = 3 * each("queueOperation") + each("request") + 2 * each("cpuMs") + 2 * each("objectRequest");
      const sum =
        messages * (message + request + 1_400 * log) +
        reads * each("r2B") +
        checks * (each("r2A") + each("r2B")) +
        rows * (5 * each("rowWritten") + each("objectRequest")) +
        jobs * listUsd(PATHS.live.operations, 1) +
        (bytes / 1e9) * each("r2GbMonth") +
        days * 86_400 * 0.128 * each("objectGbS");
      expect(usd).toBeCloseTo(sum, 6);
      expect(strangersTable(config())).toContain(usd < 10 ? `$${usd.toFixed(2)}` : `$${Math.ceil(usd)}`);
    },
  );

  it("of a hook's secret is what the most generous hook may order, and what Ittybit asks for it", () => {
    const hook = { verifier: { kind: "bearer", secrets: ["S"] }, mapper: { kind: "native" } } as const;
    const hooks = { few: { ...hook, jobsPerDay: 100 }, many: { ...hook, jobsPerDay: 20_000 } };
    const site = (ittybitPer1000Jobs: number | null) => config({ hooks, budget: { per1000Jobs: ittybitPer1000Jobs } });
    expect([hookDay(config()).jobs, hookDay(site(null)).jobs]).toEqual([10_999, 20_999]);
    expect(hookDay(site(2)).usd - hookDay(site(null)).usd).toBeCloseTo(2 * 20.999);
  });

  it("is less a network than its limiters let through, once many come", () => {
    const [one, many] = [dayBill(config(), 1), dayBill(config(), 1_000)];
    expect(one.messages).toBe(660 * 1_440);
    expect(many.messages).toBeLessThan((1_000 * one.messages) / 5);
    expect(many.checks).toBe(5 * (86_400 + 60));
  });

  it("is in a month no more than thirty days of it, but for what is kept", () => {
    for (const addresses of [1, 1_000]) {
      const [day, month] = [dayBill(config(), addresses), monthBill(config(), addresses)];
      for (const column of ["messages", "checks", "rows", "jobs"] as const)
        expect(month[column], column).toBeLessThanOrEqual(30 * day[column]);
    }
  });

  it("has as many versions an image and day as `access` says", () => {
    const versions = (["open", "signed", "private"] as const).map((access) => imageDay(config({ access })).versions);
    expect(versions).toEqual([3, 0, 0]);
  });
});
