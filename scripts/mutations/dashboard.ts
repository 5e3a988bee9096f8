import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "apps/dashboard/src";

/** The dashboard. */
export const DASHBOARD: readonly Mutation[] = [
  ...at({ file: "apps/dashboard/public/_headers", tests: ["workers/consumer/src/api/access.test.ts"] }, [
    breaks("N6", "the dashboard's own files do not say so", {
      find: "  Strict-Transport-Security: max-age=31536000\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/api/poll.ts`, tests: ["apps/dashboard/test/poll.test.ts"] }, [
    breaks("P13", "an idle page asks as often as a busy one", { find: "this.#same + 1 : 0;", replace: "0 : 0;" }),
    breaks("P13", "a calm page does not hear that the numbers have changed", {
      find: "if (due < this.#dueAt)",
      replace: "if (due < 0)",
    }),
    breaks("P13", "a page in use waits for its rare poll", {
      find: "if (this.#same === 0) return;",
      replace: "return;",
    }),
  ]),
  ...at({ file: `${SRC}/lib/stream.ts`, tests: ["apps/dashboard/test/overview.test.ts"] }, [
    breaks("P13", "the stream blames Ittybit for results that cannot be fetched", {
      find: 'isOfResults ? "results" : "ittybit"',
      replace: '"ittybit"',
    }),
    breaks("P13", "a lane that a pause holds too hides that the budget is spent", {
      find: '["breaker", "restored", "budget", "paused"]',
      replace: '["paused", "breaker", "restored", "budget"]',
    }),
  ]),
  ...at({ file: `${SRC}/lib/format.ts`, tests: ["apps/dashboard/test/format.test.ts"] }, [
    breaks("P13", "a time of another year has no year", {
      find: "isThisYear ? date.slice(0, -5) : date",
      replace: "date.slice(0, -5)",
    }),
  ]),
  ...at({ file: `${SRC}/lib/time-style.ts`, tests: ["apps/dashboard/test/time-style.test.ts"] }, [
    breaks("P13", "a server's time keeps its zone", {
      find: "dayTime(at, now, zone(), false)",
      replace: "dayTime(at, now, undefined, false)",
    }),
  ]),
  ...at({ file: `${SRC}/lib/viewer-gets.ts`, tests: ["apps/dashboard/test/viewer-gets.test.ts"] }, [
    breaks("P13", "a variant of another version counts as the asked one", {
      find: "one.v === v && Object",
      replace: "Object",
    }),
    breaks("P13", "a removed image is said to be shown", {
      find: "if (image.removal !== null)",
      replace: "if (image.removal !== null && image.purging)",
    }),
    breaks("P13", "a refused URL is said to show the original", {
      find: "if (refusal) return",
      replace: "if (refusal && image.purging) return",
    }),
  ]),
  ...at({ file: `${SRC}/lib/warm-input.ts`, tests: ["apps/dashboard/test/viewer-gets.test.ts"] }, [
    breaks("P13", "a line of a sitemap is taken for an id", { find: 'startsWith("<")', replace: 'startsWith("!")' }),
  ]),
];
