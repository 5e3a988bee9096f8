import { expect, it } from "vitest";
import { growthOf, LINEAR_MAX } from "./slowness.ts";

const SIZE = 2000;

it("tells work in proportion to the input from work in proportion to its square", () => {
  const linear = (times: number) => () => sum(times * SIZE * 100);
  const quadratic = (times: number) => () => sum((times * SIZE) ** 2 / 10);
  expect(growthOf(linear)).toBeLessThan(LINEAR_MAX);
  expect(growthOf(quadratic)).toBeGreaterThan(LINEAR_MAX);
});

function sum(steps: number): number {
  let total = 0;
  for (let step = 0; step < steps; step++) total = Math.imul(total, 31) + step;
  return total;
}
