import { expect, it, vi } from "vitest";
import { BaseSequencer, type TestSpecification, type Vitest } from "vitest/node";
import { LongFirst } from "./long-first.ts";

it("begins with the files that take long, however small they are, and leaves none out", async () => {
  vi.spyOn(BaseSequencer.prototype, "sort").mockImplementation(async (files) => files);
  const paths = ["a.test.ts", "test/e2e/recovery.e2e.test.ts", "b.test.ts", "test/world/histories/histories-1.test.ts"];
  const files = paths.map((path) => ({ moduleId: `/here/${path}` }) as TestSpecification);
  const sorted = await new LongFirst({} as Vitest).sort(files);
  expect(sorted).toEqual([files[1], files[3], files[0], files[2]]);
});
