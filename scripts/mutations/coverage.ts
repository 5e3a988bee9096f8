import type { Mutation } from "./promises.ts";

const COVERED = "apps/cli/src/covered";
const PAGES = "packages/site-pages/src";

export const COVERAGE: Mutation[] = [
  {
    promise: "L8",
    breaks: "coverage believes the ledger's memory where R2 has no object",
    file: `${COVERED}/read-image-state.ts`,
    find: "if (variant.width === null) state.rows.set",
    replace: 'if (variant.state !== "stored") state.rows.set',
    tests: [`${COVERED}/read-image-state.test.ts`],
  },
  {
    promise: "L8",
    breaks: "a line of pages is named that does not make the variant",
    file: `${PAGES}/page-fixes.ts`,
    find: "if (made.has(formatTransform(transform)))",
    replace: "if (made.size > 0)",
    tests: ["apps/cli/test/coverage.test.ts"],
  },
  {
    promise: "L8",
    breaks: "coverage holds all images of a site in memory",
    file: `${PAGES}/judge-pages.ts`,
    find: "const USES_MAX = 20_000;",
    replace: "const USES_MAX = 20_000_000;",
    tests: [`${COVERED}/judge-site.test.ts`],
  },
  {
    promise: "L8",
    breaks: "coverage takes an unsigned URL of a site under signing for an open one",
    file: `${PAGES}/asked.ts`,
    find: 'config.signing !== "all" && (',
    replace: "(",
    tests: [`${PAGES}/asked.test.ts`],
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
