import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, startTestStack, type TestStack } from "./stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ limits: { subrequests: 1 } });
});
afterAll(() => stack?.close());

it("the stack holds its Workers to the platform's limits, and says which one was broken", async () => {
  const answer = await ask(`${stack.edgeUrl}/images/landscape.jpg?w=400`);
  expect(answer.status).toBe(302);
  expect(stack.brokenLimits).toContain("platform limit: Too many subrequests by single Worker invocation.");
});
