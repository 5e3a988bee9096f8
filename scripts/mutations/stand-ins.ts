import type { Mutation } from "./promises.ts";

const MISS = "workers/edge/src/miss";
const TESTS = [`${MISS}/stand-in.test.ts`, `${MISS}/best-stored.test.ts`];

const of = (breaks: string, file: string, find: string, replace: string, tests = TESTS): Mutation => {
  return { promise: "P18", breaks, file, find, replace, tests };
};

/* What a miss shows in place of the original. */
export const STAND_INS: Mutation[] = [
  of("the original comes first", "packages/shared/src/config.ts", 'first: "stored",', 'first: "original",'),
  of("a narrow one comes before a wide one", `${MISS}/best-stored.ts`, "isNarrow ? 1 : 0,", "0,"),
  of("of too narrow ones it is not the widest", `${MISS}/best-stored.ts`, "isNarrow ? -width : 0,", "0,"),
  of("another shape comes first", `${MISS}/best-stored.ts`, "    shapeGap(each, asked, original),\n", ""),
  of("the closest width does not count", `${MISS}/best-stored.ts`, "    distance,\n", ""),
  of("a guessed format comes before a proven one", `${MISS}/best-stored.ts`, "isProven ? 0 : 1,", "0,"),
  of(
    "a format is shown that the client refuses",
    "packages/shared/src/accept.ts",
    'if ((named ?? any) === 0) return "no";',
    "",
  ),
  of(
    "AVIF is shown to whoever takes anything",
    "packages/shared/src/accept.ts",
    ' && !namesImages && other !== "avif"',
    " && !namesImages",
  ),
  of(
    "WebP is shown to a browser that names other images only",
    "packages/shared/src/accept.ts",
    ' && !namesImages && other !== "avif"',
    ' && other !== "avif"',
  ),
  of(
    "a stand-in outlives its URL",
    `${MISS}/stand-in.ts`,
    "trimToExpiry(STAND_IN_SECONDS, expiresAt,",
    "trimToExpiry(STAND_IN_SECONDS, null,",
  ),
  of("a stand-in does not vary with Accept", `${MISS}/stand-in.ts`, "      negotiated: true,\n", ""),
  of(
    "the 16 px placeholder comes before an original that may be shown",
    `${MISS}/stand-in.ts`,
    "isLast && info.lqip",
    "info.lqip",
  ),
  of(
    "another version stands in",
    `${MISS}/stand-in.ts`,
    " || info.version !== target.version) return [];",
    ") return [];",
  ),
  of(
    "a signature opens more than its variant",
    `${MISS}/stand-in.ts`,
    "return isOpen || showsNoMore(other, target.transform, info);",
    "return isOpen || target.signed;",
    ["workers/edge/src/private-originals.test.ts"],
  ),
];
