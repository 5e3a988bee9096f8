import { describe, expect, it } from "vitest";
import { HookProof } from "./hook-proof.ts";

/** So many ends, one a second, of which `missing` had no hook. */
function ends(proof: HookProof, n: number, { missing = 0, from = 0 } = {}): number {
  for (let gen = 0; gen < n; gen += 1) proof.ended(from + gen, gen >= missing, (from + gen) * 1_000);
  return (from + n) * 1_000 + 5_000;
}

describe("hooks are believed to come", () => {
  it("after two hundred ends of which 95 of a hundred had theirs, and not before", () => {
    const proof = new HookProof();
    expect(proof.isProven(ends(proof, 199))).toBe(false);
    expect(proof.isProven(ends(proof, 1, { from: 199 }))).toBe(true);
    const [good, bad] = [new HookProof(), new HookProof()];
    expect(good.isProven(ends(good, 200, { missing: 10 }))).toBe(true);
    expect(bad.isProven(ends(bad, 200, { missing: 11 }))).toBe(false);
  });

  it("no more after a single one that is missing, until two hundred more have come", () => {
    const proof = new HookProof();
    ends(proof, 200);
    proof.ended(500, false, 500_000);
    expect(proof.isProven(501_000)).toBe(true);
    expect(proof.isProven(501_001)).toBe(false);
    expect(proof.isProven(ends(proof, 199, { from: 600 }))).toBe(false);
    expect(proof.isProven(ends(proof, 1, { from: 900 }))).toBe(true);
  });

  it("also when they come a second after the end was seen, but not later", () => {
    const proof = new HookProof();
    ends(proof, 200);
    proof.ended(500, false, 500_000);
    proof.came(500, 501_000);
    expect(proof.isProven(600_000)).toBe(true);
    proof.ended(501, false, 600_000);
    proof.came(501, 601_001);
    expect(proof.isProven(601_001)).toBe(false);
  });
});
