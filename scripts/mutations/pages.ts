import type { Mutation } from "./promises.ts";

const PAGE = "apps/dashboard/src";
const TESTS = "apps/dashboard/test";

const of = (breaks: string, file: string, find: string, replace: string, tests: string[]): Mutation => {
  return {
    promise: "P13",
    breaks,
    file: `${PAGE}/${file}`,
    find,
    replace,
    tests: tests.map((one) => `${TESTS}/${one}`),
  };
};

/* What the dashboard says of a URL, a trouble, a time and a chart; and how often it asks. */
export const PAGES: Mutation[] = [
  of("an idle page asks as often as a busy one", "api/poll.ts", "this.#same + 1 : 0;", "0 : 0;", ["poll.test.ts"]),
  of("a page in use waits for its rare poll", "api/poll.ts", "if (this.#same === 0) return;", "return;", [
    "poll.test.ts",
  ]),
  of("a variant of another version counts as the asked one", "lib/viewer-gets.ts", "one.v === v && Object", "Object", [
    "viewer-gets.test.ts",
  ]),
  of(
    "a refused URL is said to show the original",
    "lib/viewer-gets.ts",
    "if (refusal) return",
    "if (refusal && image.purging) return",
    ["viewer-gets.test.ts"],
  ),
  of("what is over stands before what goes on", "lib/incidents.ts", "isPast(one) ? 2 : 0", "0", [
    "transform-words.test.ts",
  ]),
  of("a bulk order flattens the line of stored variants", "charts/series.ts", "!clipped", "true", [
    "transform-words.test.ts",
  ]),
  of(
    "a server's time keeps its zone",
    "lib/time-style.ts",
    "dayTime(at, now, zone(), false)",
    "dayTime(at, now, undefined, false)",
    ["time-style.test.ts"],
  ),
  of("a line of a sitemap is taken for an id", "lib/warm-input.ts", 'startsWith("<")', 'startsWith("!")', [
    "viewer-gets.test.ts",
  ]),
];
