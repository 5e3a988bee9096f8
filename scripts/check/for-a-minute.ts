import { relative } from "node:path";
import type { Reporter, TestModule, TestSpecification, Vitest } from "vitest/node";

/** Begins the list of files that were left out. */
export const LEFT_OUT = "Left out after a minute; npm test runs them:";
/** Seconds that the tests of a check may take. */
const LONGEST_S = 60;

/** Ends a run after a minute, and names the files that it left out. */
export default class ForAMinute implements Reporter {
  #vitest: Vitest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waiting = new Set<string>();
  #isOver = false;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#waiting = new Set(specifications.map(({ moduleId }) => moduleId));
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      void this.#vitest?.cancelCurrentRun("keyboard-input");
    }, LONGEST_S * 1_000);
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    // What ends now was cut short.
    if (!this.#isOver) this.#waiting.delete(moduleId);
  }

  onTestRunEnd(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    console.log(LEFT_OUT);
    for (const file of this.#waiting) console.log(`  ${relative(process.cwd(), file)}`);
  }
}
