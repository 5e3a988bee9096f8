import type { Mutation } from "./promises.ts";

const COVERED = "apps/cli/src/covered";

export const COVERAGE: Mutation[] = [
  {
    promise: "L8",
    breaks: "coverage believes the ledger's memory where R2 has no object",
    file: `${COVERED}/image-state.ts`,
    find: "if (variant.width === null) rows.set",
    replace: 'if (variant.state !== "stored") rows.set',
    tests: [`${COVERED}/image-state.test.ts`],
  },
  {
    promise: "L8",
    breaks: "a line of pages is named that does not make the variant",
    file: `${COVERED}/page-fixes.ts`,
    find: "if (made.has(formatTransform(transform)))",
    replace: "if (made.size > 0)",
    tests: ["apps/cli/test/coverage.test.ts"],
  },
  {
    promise: "L8",
    breaks: "coverage holds all images of a site in memory",
    file: `${COVERED}/judge-site.ts`,
    find: "const USES_MAX = 20_000;",
    replace: "const USES_MAX = 20_000_000;",
    tests: [`${COVERED}/judge-site.test.ts`],
  },
  {
    promise: "L8",
    breaks: "coverage takes an unsigned URL of a site under signing for an open one",
    file: `${COVERED}/asked.ts`,
    find: 'config.signing !== "all" && (',
    replace: "(",
    tests: [`${COVERED}/asked.test.ts`],
  },
  {
    promise: "L8",
    breaks: "a page that robots.txt forbids is read",
    file: "apps/cli/src/pages/read-site.ts",
    find: "return robots.allows(url.pathname + url.search) ? null",
    replace: "return robots.allows(url.pathname + url.search) || true ? null",
    tests: ["apps/cli/test/coverage.test.ts"],
  },
  {
    promise: "L8",
    breaks: "a site is asked as fast as it answers",
    file: "apps/cli/src/pages/read-site.ts",
    find: "await pace(1);",
    replace: "",
    tests: ["apps/cli/test/coverage.test.ts"],
  },
  {
    promise: "L8",
    breaks: "a crawl that goes on reads its pages again",
    file: "apps/cli/src/pages/read-site.ts",
    find: "frontier.waiting.filter((url) => !done.has(url))",
    replace: "frontier.waiting",
    tests: ["apps/cli/test/coverage.test.ts"],
  },
];
