import type { Mutation } from "./promises.ts";

/* What the length of CI stands on: tests that take turns, and commands that are tried in the tests' process. */

export const TURNS: Mutation[] = [
  {
    promise: "S5",
    breaks: "a commit leaves out the end-to-end files of the rooms that it touches",
    file: "test/commit-files.ts",
    find: "filter((file) => !isIn(",
    replace: "filter((file) => isIn(",
    tests: ["test/commit-files.test.ts"],
  },
  {
    promise: "S5",
    breaks: "the nightly workflow leaves out the long files",
    file: ".github/workflows/nightly.yml",
    find: "run: WHOLE=true npm test",
    replace: "run: npm test",
    tests: ["test/commit-files.test.ts"],
  },
  {
    promise: "S6",
    breaks: "every command ends well",
    file: "apps/cli/src/main.ts",
    find: "process.exit(code));",
    replace: "process.exit(0));",
    tests: ["apps/cli/test/exit-codes.test.ts"],
  },
  {
    promise: "S5",
    breaks: "long files begin last",
    file: "test/long-first.ts",
    find: "return [...yes, ...no];",
    replace: "return [...no, ...yes];",
    tests: ["test/long-first.test.ts"],
  },
];
