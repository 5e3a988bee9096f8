import type { Mutation } from "./promises.ts";

/* What the length of CI stands on: tests that take turns, and commands that are tried in the tests' process. */

export const TURNS: Mutation[] = [
  {
    promise: "S5",
    breaks: "a group of a ring never comes",
    file: "test/rings.ts",
    find: "number % ring.length",
    replace: "number % (ring.length - 1)",
    tests: ["test/rings.test.ts"],
  },
  {
    promise: "S5",
    breaks: "the night runs the dashboard on the real stack in turns",
    file: ".github/workflows/nightly.yml",
    find: "WHOLE=true npm test -- --project e2e apps/dashboard/test/truth",
    replace: "npm test -- --project e2e apps/dashboard/test/truth",
    tests: ["test/slice.test.ts"],
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
