import { readFileSync } from "node:fs";
import { defineConfig } from "@prewarm/shared/config";
import { MISSES_PER_MINUTE } from "@prewarm/shared/limits";
import { describe, expect, it } from "vitest";
import { dayBill, imageDay, monthBill, strangersLines, strangersTable } from "./strangers.ts";

const config = (more: Partial<Parameters<typeof defineConfig>[0]> = {}) =>
  defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...more });

describe("what strangers cost", () => {
  it("is the viewers' share and slice of the budget, in jobs, however many they are", () => {
    const site = config({ gate: { monthlyJobs: 20_000, liveShare: 0.4, liveDayShare: 0.05 } });
    expect([dayBill(site, 1).jobs, dayBill(site, 1_000).jobs]).toEqual([400, 400]);
    expect([monthBill(site, 1).jobs, monthBill(site, 1_000).jobs]).toEqual([8_000, 8_000]);
  });

  it("has no limit where the budget has none, and says so", () => {
    const site = config({ gate: { monthlyJobs: null } });
    expect(strangersTable(site)).toContain("no limit");
    expect(strangersLines(site).join(" ")).not.toContain("NaN");
  });

  it("counts Ittybit's price when it is known", () => {
    const free = monthBill(config(), 1).usd;
    expect(monthBill(config({ prices: { ittybitPer1000Jobs: 2 } }), 1).usd - free).toBeCloseTo(100);
  });

  it("is less a network than its limiters let through, once many come", () => {
    const [one, many] = [dayBill(config(), 1), dayBill(config(), 1_000)];
    expect(one.messages).toBe(660 * 1_440);
    expect(many.messages).toBeLessThan((1_000 * one.messages) / 5);
    expect(many.looks).toBe(5 * (86_400 + 60));
  });

  it("has as many versions an image and day as `v` says", () => {
    const versions = (["open", "limited", "signed"] as const).map((v) => imageDay(config({ v })).versions);
    expect(versions).toEqual([64, 3, 0]);
  });

  it("reckons with the limiters that are deployed", () => {
    const text = readFileSync("wrangler.edge.toml", "utf8");
    const limits = [...text.matchAll(/name = "(\w+)_LIMIT"\nnamespace_id = "\d+"\nsimple = (.+)/g)];
    const said = (name: string) => new Set(limits.filter(([, of]) => of === name).map(([, , simple]) => simple));
    expect(said("ENQUEUE")).toEqual(new Set([`{ limit = ${MISSES_PER_MINUTE.known}, period = 60 }`]));
    expect(said("UNKNOWN")).toEqual(new Set([`{ limit = ${MISSES_PER_MINUTE.unknown}, period = 60 }`]));
    expect(limits).toHaveLength(6);
  });
});
