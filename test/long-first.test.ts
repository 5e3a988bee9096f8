import { expect, it, vi } from "vitest";
import { BaseSequencer, type TestSpecification, type Vitest } from "vitest/node";
import { LongFirst } from "./long-first.ts";

it("begins with the nearest where a check gives their order", async () => {
  vi.stubEnv("NEAREST_FIRST", "b.test.ts,a.test.ts");
  const files = ["a.test.ts", "b.test.ts"].map((path) => ({ moduleId: `/here/${path}` }) as TestSpecification);
  expect(await new LongFirst({} as Vitest).sort(files)).toEqual([files[1], files[0]]);
});

it("begins with the files that take long, however small they are, and leaves none out", async () => {
  vi.stubEnv("NEAREST_FIRST", undefined);
  vi.spyOn(BaseSequencer.prototype, "sort").mockImplementation(async (files) => files);
  const paths = ["a.test.ts", "test/e2e/recovery.e2e.test.ts", "b.test.ts", "test/world/histories/histories-1.test.ts"];
  const files = paths.map((path) => ({ moduleId: `/here/${path}` }) as TestSpecification);
  const sorted = await new LongFirst({} as Vitest).sort(files);
  expect(sorted).toEqual([files[1], files[3], files[0], files[2]]);
});
