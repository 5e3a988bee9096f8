import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Small files that take a quarter of a minute or more. vitest sorts by size what it has not run before. */
export const SMALL_AND_LONG: readonly string[] = [
  "test/world/histories/histories-1.test.ts",
  "test/world/histories/histories-2.test.ts",
  "test/e2e/hooks.e2e.test.ts",
  "test/e2e/recovery.e2e.test.ts",
  "test/e2e/start.e2e.test.ts",
  "test/platform/conformance.e2e.test.ts",
  "examples/durable-queue/kill.e2e.test.ts",
];

/**
 * Begins with the longest files: a long one that begins last runs alone, and the other cores idle. Where NEAREST_FIRST lists files, as in
 * `npm run check`, they run in its order.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = process.env.NEAREST_FIRST?.split(",");
    if (order !== undefined) {
      const place = ({ moduleId }: TestSpecification) => order.findIndex((file) => moduleId.endsWith(`/${file}`));
      return files.toSorted((a, b) => place(a) - place(b));
    }
    const { yes = [], no = [] } = Object.groupBy(await super.sort(files), ({ moduleId }) =>
      SMALL_AND_LONG.some((file) => moduleId.endsWith(`/${file}`)) ? "yes" : "no",
    );
    return [...yes, ...no];
  }
}
