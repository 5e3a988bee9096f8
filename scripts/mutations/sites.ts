import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "workers/consumer/src";

/** What the pages of sites ask for, and reports of it. */
export const SITES: readonly Mutation[] = [
  ...at({ file: "packages/site-pages/src/asked.ts", tests: ["packages/site-pages/src/asked.test.ts"] }, [
    breaks("L8", "coverage takes an unsigned URL of a site under signing for an open one", {
      find: 'config.access !== "private" && ',
      replace: "",
    }),
  ]),
  ...at({ file: "packages/site-pages/src/page-text.ts", tests: ["packages/site-pages/src/page-text.test.ts"] }, [
    breaks("L8", "coverage reads a page in Latin-1 as UTF-8", { find: "?? said(head)", replace: "" }),
  ]),
  ...at({ file: "packages/site-pages/src/image-state.ts", tests: ["apps/cli/src/covered/read-image-state.test.ts"] }, [
    breaks("L8", "coverage calls a missing original cold", {
      find: "if (lacksOriginal(version, state))",
      replace: "if (state.rows.size < 0)",
    }),
  ]),
  ...at({ file: "packages/site-pages/src/page-addresses.ts", tests: ["apps/cli/src/input/pages.test.ts"] }, [
    breaks("L8", "coverage counts what a template fills in", { find: "if (!isFilled) page", replace: "page" }),
  ]),
  ...at({ file: "packages/site-pages/src/judge-pages.ts", tests: ["apps/cli/src/covered/judge-site.test.ts"] }, [
    breaks("L8", "coverage holds all images of a site in memory", {
      find: "const USES_MAX = 20_000;",
      replace: "const USES_MAX = 20_000_000;",
    }),
    breaks("L9", "a link in a comment is warmed", {
      find: " || !isCertain(path, image)",
      replace: "",
      tests: ["apps/cli/test/coverage.test.ts"],
    }),
    breaks("L9", "a version that nobody announced is warmed", {
      find: "asked.version !== state.v || ",
      replace: "",
      tests: ["apps/cli/test/coverage.test.ts"],
    }),
    breaks("L9", "a size that no upload makes is warmed", {
      find: "if (upload.made.has(transform)) missing",
      replace: "missing",
      tests: ["apps/cli/test/coverage.test.ts"],
    }),
  ]),
  ...at({ file: "packages/site-pages/src/learned-lines.ts", tests: [`${SRC}/api/recipe.test.ts`] }, [
    breaks("L9", "a stranger's width becomes a line", {
      find: "|| !asked.has(name)",
      replace: "",
      tests: ["packages/site-pages/src/learned-lines.property.test.ts"],
    }),
    breaks("L9", "made-up images name a line", { find: "|| !isKnown(parsed.id)", replace: "" }),
    breaks("L9", "one image names a line", { find: "images >= IMAGES_MIN", replace: "images >= 1" }),
    breaks("L9", "a line is dropped that an unread page may need", {
      find: "isWhole ? withoutUnused",
      replace: "true ? withoutUnused",
    }),
  ]),
  ...at({ file: "packages/site-pages/src/page-fixes.ts", tests: ["apps/cli/test/coverage.test.ts"] }, [
    breaks("L8", "a line of pages is named that does not make the variant", {
      find: "if (made.has(formatTransform(transform)))",
      replace: "if (made.size > 0)",
    }),
  ]),
  ...at({ file: "packages/site-pages/src/css-addresses.ts", tests: ["apps/cli/src/input/pages.test.ts"] }, [
    breaks("F19", "each quote of an unclosed string of a style sheet begins a search for its end", {
      find: "const text = take(end);",
      replace: "const text = isClosed ? take(end) : css.slice(at, end);",
    }),
  ]),
  ...at({ file: "packages/site-pages/src/templates.ts", tests: ["packages/site-pages/src/templates.test.ts"] }, [
    breaks("F19", "an address of thousands of folders ends the command", {
      find: "return folder.slice(0, PARTS_MAX);",
      replace: "return folder;",
    }),
  ]),
  ...at({ file: "packages/site-pages/src/scan-sitemap.ts", tests: ["apps/cli/src/input/sitemap.test.ts"] }, [
    breaks("F19", "each small piece of a sitemap begins the search for an element's end again", {
      find: "return freshLength < rest.length ? [] : consumeFresh();",
      replace: "return consumeFresh();",
    }),
    breaks("F19", "a sitemap's text may be of any length", {
      find: 'if (text.length > PIECE_MAX) throw new Error("it is no sitemap: a text',
      replace: 'if (text.length < 0) throw new Error("it is no sitemap: a text',
    }),
    breaks("F19", "a sitemap may be nested without end", {
      find: "if (open.length > DEPTH_MAX)",
      replace: "if (open.length < 0 * DEPTH_MAX)",
    }),
  ]),
  ...at({ file: `${SRC}/ledger/coverage-reports.ts`, tests: [`${SRC}/api/coverage.test.ts`] }, [
    breaks("L9", "the ledger grows with each name", { find: ".slice(0, NAMES_MAX)", replace: "" }),
  ]),
  ...at({ file: "packages/control-schema/src/coverage.ts", tests: [`${SRC}/api/coverage.test.ts`] }, [
    breaks("L9", "anybody who may look reports", { find: 'may: "warm"', replace: 'may: "viewer"' }),
    breaks("L9", "a report has any name", {
      find: "params: z.object({ name: z.string().regex(REPORT_NAME) })",
      replace: "params: z.object({ name: z.string() })",
    }),
    breaks("L9", "an address of a report has any length", {
      find: "z.string().max(REPORT_TEXT_MAX.address)",
      replace: "z.string()",
    }),
  ]),
  ...at({ file: `${SRC}/api/images.ts`, tests: [`${SRC}/api/runs-and-images.test.ts`] }, [
    breaks("L9", "an image's version is forgotten with its row", { find: "(note?.version ?? null)", replace: "null" }),
  ]),
  ...at({ file: "apps/cli/src/covered/fit-report.ts", tests: ["apps/cli/src/covered/fit-report.test.ts"] }, [
    breaks("L9", "a report is longer than the API takes", {
      find: "const fitted = fit({",
      replace: "const fitted = ({",
    }),
    breaks("L9", "a report calls a site whole of which pages are left out", { find: " && !isCut", replace: "" }),
  ]),
  ...at({ file: "apps/cli/src/commands/coverage.ts", tests: ["apps/cli/test/coverage.test.ts"] }, [
    breaks("L8", "--gate lets a cold page through", { find: "share >= failBelow", replace: "share >= 0 * failBelow" }),
  ]),
];
