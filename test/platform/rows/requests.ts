import type { Assumption } from "../assumption.ts";
import { atMost, is } from "../expect.ts";

const LIMITS_PAGE = "Workers, Limits";
const MEGABYTE = 1_000_000;

export const REQUEST_ROWS: readonly Assumption[] = [
  {
    name: "bodies",
    assumes:
      "A body of 40 MB reaches the Worker whole, declared or chunked, so the Worker itself must refuse it; one above 100 MB never does.",
    where: "workers/consumer/src/platform/request-body.ts",
    documented: {
      page: LIMITS_PAGE,
      says: "Requests exceeding these limits return a 413 Request entity too large error. (Free and Pro: 100 MB)",
    },
    check: {
      expects: {
        "64 kB arrive whole": is(true),
        "40 MB arrive whole": is(true),
        "40 MB without a declared length arrive whole": is(true),
        "110 MB are refused with 413": is(true, { kinder: false }),
      },
      async observe(lab) {
        const whole = async (bytes: number, chunked = false) => (await lab.post(bytes, chunked)).arrived === bytes;
        return {
          "64 kB arrive whole": await whole(65_536),
          "40 MB arrive whole": await whole(40 * MEGABYTE),
          "40 MB without a declared length arrive whole": await whole(40 * MEGABYTE, true),
          "110 MB are refused with 413": (await lab.post(110 * MEGABYTE, false)).status === 413,
        };
      },
    },
  },
  {
    name: "six-connections",
    assumes:
      "Of an invocation's connections six wait for headers at once; a seventh waits for its turn and does not fail.",
    where: "packages/shared/src/limits.ts",
    documented: {
      page: LIMITS_PAGE,
      says: "Each Worker invocation can have up to six connections simultaneously waiting for response headers.",
    },
    check: {
      expects: {
        "fetches of 12 that are answered": is(12),
        "fetches that wait for headers at once": atMost(6, { kinderAbove: true }),
      },
      observe: (lab) => lab.probe("connections"),
    },
  },
  {
    name: "subrequests",
    assumes: "An invocation may make more than 1,000 calls of R2.",
    where: "workers/consumer/src/making/held-claims.ts",
    documented: { page: LIMITS_PAGE, says: "Subrequests: 10,000/request (Workers Paid)" },
    check: {
      expects: { "R2 calls of 1,100 that are answered in one invocation": is(1_100) },
      observe: (lab) => lab.probe("subrequests"),
    },
  },
];
