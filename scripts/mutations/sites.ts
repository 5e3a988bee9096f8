import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "workers/consumer/src";

/** Visits of sites, and what their pages ask for. */
export const SITES: readonly Mutation[] = [
  ...at({ file: "packages/site-pages/src/asked.ts", tests: ["packages/site-pages/src/asked.test.ts"] }, [
    breaks("L8", "coverage takes an unsigned URL of a site under signing for an open one", {
      find: 'config.signing !== "all" && (',
      replace: "(",
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
  ...at({ file: `${SRC}/sites/judge-images.ts`, tests: [`${SRC}/sites/walk-sites.test.ts`] }, [
    breaks("L9", "what a site lacks is warmed unasked", {
      find: "visit.round === 1 && deps.config.sites[site]?.warm === true",
      replace: "true",
    }),
  ]),
  ...at({ file: `${SRC}/sites/list-pages.ts`, tests: [`${SRC}/sites/walk-sites.test.ts`] }, [
    breaks("L9", "a sitemap's redirect leads anywhere", {
      find: "return why === null ? null",
      replace: "return true ? null",
    }),
  ]),
  ...at({ file: `${SRC}/sites/read-pages.ts`, tests: [`${SRC}/sites/walk-sites.test.ts`] }, [
    breaks("L9", "a site's pages are read as fast as they come", { find: "await sleep(pauseMs);", replace: "" }),
  ]),
  ...at({ file: `${SRC}/sites/site-guard.ts`, tests: [`${SRC}/sites/walk-sites.test.ts`] }, [
    breaks("L9", "a page that robots.txt forbids is read", {
      find: "return allows ? null",
      replace: "return true ? null",
    }),
    breaks("L9", "a page on another host is read", { find: "if (!hosts.has(url.host))", replace: "if (false)" }),
  ]),
  ...at({ file: `${SRC}/sites/site-result.ts`, tests: [`${SRC}/sites/walk-sites.test.ts`] }, [
    breaks("L9", "a site is called warm though a page was not read", { find: "failed.length === 0 && ", replace: "" }),
  ]),
  ...at({ file: `${SRC}/sites/walk-sites.ts`, tests: [`${SRC}/sites/walk-sites.test.ts`] }, [
    breaks("L9", "each wake-up of a waiting visit makes one more", { find: "LOOK_S * 900", replace: "0" }),
  ]),
];
