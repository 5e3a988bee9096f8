import type { Mutation } from "./promises.ts";

const COVERED = "apps/cli/src/covered";
const PAGES = "packages/site-pages/src";

const RECIPE = "workers/consumer/src/api/recipe.test.ts";
const SITES = "workers/consumer/src/sites";
const WALK = `${SITES}/walk-sites.test.ts`;
const LEDGER = "workers/consumer/src/ledger";
const VISITS = `${LEDGER}/visits.test.ts`;
const HOOKS = "workers/consumer/src/hooks";
const DEPLOY = `${HOOKS}/deploy.test.ts`;

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
  ...[
    visit("pages are read beyond the day's number", `${LEDGER}/visits.ts`, "pagesLeft <= 0", "false", VISITS),
    visit(
      "a handler that has lost its lease goes on",
      `${LEDGER}/visits.ts`,
      "doc.lease?.owner !== owner || ",
      "",
      VISITS,
    ),
    visit(
      "a visit's end is told again",
      `${LEDGER}/visits.ts`,
      "if (last?.visit === visit.visit) return true;",
      "",
      VISITS,
    ),
    visit("a night is told that changed nothing", `${LEDGER}/visits.ts`, 'result.reason === "night"', "false", VISITS),
    visit("a site's pages are read as fast as they come", `${SITES}/read-pages.ts`, "await sleep(pauseMs);", "", WALK),
    visit(
      "a page that robots.txt forbids is read",
      `${SITES}/site-guard.ts`,
      "return allows ? null",
      "return true ? null",
      WALK,
    ),
    visit(
      "a sitemap's redirect leads anywhere",
      `${SITES}/list-pages.ts`,
      "return why === null ? null",
      "return true ? null",
      WALK,
    ),
    visit("a page on another host is read", `${SITES}/site-guard.ts`, "if (!hosts.has(url.host))", "if (false)", WALK),
    visit(
      "what a site lacks is warmed unasked",
      `${SITES}/judge-images.ts`,
      "visit.round === 1 && deps.config.sites[site]?.warm === true",
      "true",
      WALK,
    ),
    visit(
      "a site is called warm though a page was not read",
      `${SITES}/site-result.ts`,
      "failed.length === 0 && ",
      "",
      WALK,
    ),
    visit("each wake-up of a waiting visit makes one more", `${SITES}/walk-sites.ts`, "LOOK_S * 900", "0", WALK),
    visit("a deploy of a preview counts", `${HOOKS}/mappers/deploy.ts`, "return isLive ?", "return true ?", DEPLOY),
    visit(
      "another body passes under Netlify's signature",
      `${HOOKS}/verifiers/jws.ts`,
      "claims?.sha256 === hash",
      "claims !== null",
      DEPLOY,
    ),
    visit(
      "a deploy is seen twice",
      `${HOOKS}/receive-hook.ts`,
      "if (await isRepeat(delivery, hash, deps)) {",
      "if (false) {",
      DEPLOY,
    ),
    learn("a stranger's width becomes a line", "|| !asked.has(name)", ""),
    learn("made-up images name a line", "|| !isKnown(parsed.id)", "", RECIPE),
    learn("one image names a line", "images >= IMAGES_MIN", "images >= 1", RECIPE),
    learn("a line is dropped that an unread page may need", "isWhole ? withoutUnused", "true ? withoutUnused", RECIPE),
  ],
];

function learn(
  breaks: string,
  find: string,
  replace: string,
  test = `${PAGES}/learned-lines.property.test.ts`,
): Mutation {
  return { promise: "L9", breaks, file: `${PAGES}/learned-lines.ts`, find, replace, tests: [test] };
}

function visit(breaks: string, file: string, find: string, replace: string, test: string): Mutation {
  return { promise: "L9", breaks, file, find, replace, tests: [test] };
}
