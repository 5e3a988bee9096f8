import { basename, dirname } from "node:path";

/** A file of code. Both its own path and those of its imports begin at the repository's root. */
interface Source {
  path: string;
  imports: readonly string[];
}

const TEST = /\.test\.tsx?$/;
const CODE = /\.(tsx?|mjs)$/;

/**
 * The tests to run after an edit: changed tests, tests with the name of a changed file, in any folder (`settle.test.ts` and
 * `settle.property.test.ts` for `settle.ts`), and tests that import a changed file of their own package. Leaves out end-to-end tests.
 * `changed`: paths from the repository's root; some may be deleted.
 */
export function nearbyTests(changed: readonly string[], sources: readonly Source[]): string[] {
  const tests = sources.filter(({ path }) => TEST.test(path) && !path.endsWith(".e2e.test.ts"));
  return tests.filter((test) => changed.some((file) => isNear(test, file))).map(({ path }) => path);
}

function isNear({ path, imports }: Source, file: string): boolean {
  if (path === file) return true;
  if (TEST.test(file) || !CODE.test(file)) return false;
  return nameOf(path) === nameOf(file) || (packageOf(path) === packageOf(file) && imports.includes(file));
}

/** `settle` of `settle.ts` and of `settle.property.test.ts`. */
function nameOf(path: string): string | undefined {
  return basename(path).split(".")[0];
}

/** `packages/shared` of all files in it, `scripts` of `scripts/boot.mjs`. */
function packageOf(path: string): string {
  return dirname(path).split("/").slice(0, 2).join("/");
}
