import type { Mutation } from "./promises.ts";

const HIT = "workers/edge/src/hit";
const EDGE = [`${HIT}/smaller.test.ts`];

const of = (breaks: string, file: string, find: string, replace: string, tests: readonly string[]): Mutation => {
  return { promise: "P19", breaks, file, find, replace, tests };
};

/* What f=auto serves, and what objects say of each other. */
export const SMALLEST: Mutation[] = [
  of("a format that has grown is served", `${HIT}/smaller.ts`, "read.value.size < inHand.size", "true", EDGE),
  of(
    "a variant of another original is served",
    `${HIT}/smaller.ts`,
    " && etagOf(read.value) === etagOf(inHand)",
    "",
    EDGE,
  ),
  of(
    "f=auto and a named format share a cache copy",
    `${HIT}/serve-variant.ts`,
    'orElse.length === 0 ? "" : `?${orElse}`',
    '""',
    EDGE,
  ),
  of("an answer for want of the smaller one is kept", `${HIT}/serve-variant.ts`, " || smaller.isUnknown", "", EDGE),
  of(
    "a format that the client refuses is served",
    "packages/shared/src/accept.ts",
    'others.filter((other) => shows(other, best, true, weights) === "proven")',
    "others",
    ["packages/shared/src/accept.test.ts"],
  ),
];
