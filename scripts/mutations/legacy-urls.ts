import type { Mutation } from "./promises.ts";

const CODE = "packages/legacy-urls/src";
const TESTS = "packages/legacy-urls/test";

/** Old URLs of other services (docs/moving-from.md): each promise broken, and the test that must then be red. */
export const LEGACY_URLS: Mutation[] = [
  {
    promise: "L7",
    breaks: "an old URL names a variant outside the open set",
    file: `${CODE}/nearest-open.ts`,
    find: "    if (!closed) continue;\n",
    replace: "",
    tests: [`${TESTS}/open-set.property.test.ts`, `${TESTS}/documented.test.ts`],
  },
  {
    promise: "L7",
    breaks: "an old URL with a wrong signature is answered",
    file: `${CODE}/service.ts`,
    find: 'if (verdict === "bad" || isOver) return "&s=bad";',
    replace: 'if (verdict === "bad" || isOver) return "";',
    tests: [`${TESTS}/signatures.test.ts`],
  },
  {
    promise: "L7",
    breaks: "an old signature whose time is over still opens the image",
    file: `${CODE}/service.ts`,
    find: "clock.now() >= verdict.expires * 1000",
    replace: "clock.now() < 0",
    tests: [`${TESTS}/signatures.test.ts`],
  },
  {
    promise: "L7",
    breaks: "the edge fetches and serves remote pictures of anybody",
    file: `${CODE}/image-of.ts`,
    find: "(hosts.includes(remote.host) ? path : null)",
    replace: "path",
    tests: [`${TESTS}/serve.test.ts`],
  },
  {
    promise: "L7",
    breaks: "an answer that is only the nearest one does not say so",
    file: `${CODE}/service.ts`,
    find: 'answer.headers.append("Cache-Status",',
    replace: 'answer.headers.append("X-Nothing",',
    tests: [`${TESTS}/serve.test.ts`],
  },
  {
    promise: "L7",
    breaks: "a log of many pictures is held in memory",
    file: "apps/cli/src/input/top-counts.ts",
    find: "known === undefined && counts.size >= capacity",
    replace: "known === undefined && counts.size >= Number.POSITIVE_INFINITY",
    tests: ["apps/cli/src/input/top-counts.test.ts", "apps/cli/test/adopt-memory.test.ts"],
  },
];
