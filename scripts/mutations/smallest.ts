import type { Mutation } from "./promises.ts";

const HIT = "workers/edge/src/hit";
const MAKING = "workers/consumer/src/making";
const STORE = "workers/consumer/src/store";
const CONSUMER = [`${MAKING}/smaller-formats.test.ts`];
const COPIES = [`${MAKING}/original-copy.test.ts`];
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
  of("nothing is compared", `${STORE}/info.ts`, "return saySmaller(", "return void (", CONSUMER),
  of(
    "an object of another original says what is smaller",
    `${STORE}/say-smaller.ts`,
    " || made.sourceEtag !== etag",
    "",
    CONSUMER,
  ),
  of(
    "an object of other bytes says what is smaller",
    `${STORE}/say-smaller.ts`,
    " || object.size !== bytes",
    "",
    CONSUMER,
  ),
  of(
    "variants are compared of which nothing tells the original",
    `${STORE}/say-smaller.ts`,
    "first === undefined || now.etag === null) return [];\n  const { etag } = now;",
    "first === undefined) return [];\n  const { etag } = now as { etag: string };",
    CONSUMER,
  ),
  of(
    "a newer generation with the same bytes becomes an older one",
    `${STORE}/put-condition.ts`,
    ", uploadedBefore: new Date(uploaded.getTime() + 1)",
    "",
    CONSUMER,
  ),
  of(
    "a purged variant comes back to say what is smaller",
    `${STORE}/put-condition.ts`,
    "uploadedAfter: new Date(uploaded.getTime() - 1), ",
    "",
    CONSUMER,
  ),
  of(
    "what objects say is read each time that they are found",
    `${MAKING}/prepare.ts`,
    "    claim.smaller = stored?.smaller ?? [];\n",
    "",
    CONSUMER,
  ),
  of("a note grows without end", `${STORE}/sizes.ts`, ".slice(-PICTURES_MAX)", "", [`${STORE}/sizes.test.ts`]),
  of("a hidden original is shown", `${MAKING}/original-copy.ts`, "!isPublic || ", "", COPIES),
  of(
    "a turned original is stored as it lies",
    `${MAKING}/original-copy.ts`,
    " || header.orientation !== 1",
    "",
    COPIES,
  ),
  of(
    "a large original is shown for a narrow variant",
    `${MAKING}/original-copy.ts`,
    " || (transform.width !== null && transform.width < info.width)",
    "",
    COPIES,
  ),
  of("another original's bytes are stored", `${MAKING}/original-copy.ts`, " || start.etag !== etag", "", COPIES),
  of(
    "an original keeps its metadata",
    `${MAKING}/original-copy.ts`,
    "stripped.ok ? stripped.bytes : null",
    "start.bytes",
    COPIES,
  ),
  of(
    "a purged variant comes back, and a copy stays that a new original does not replace",
    `${STORE}/variants.ts`,
    "object === null ? !isNew : ",
    "object === null ? false : ",
    COPIES,
  ),
  of(
    "an original is put again each time that its image is noted",
    `${STORE}/variants.ts`,
    "  if (object !== null && isOfIt && object.size <= bytes.byteLength) return object.size;\n",
    "",
    COPIES,
  ),
  of(
    "a new original has the copies of formats made that are not configured",
    `${STORE}/sweep-image.ts`,
    "customMetadata?.job !== ORIGINAL_JOB",
    "customMetadata !== null",
    COPIES,
  ),
  of(
    "Ittybit is told the URL's word for a quality",
    "workers/consumer/src/ittybit/job-order.ts",
    "qualities[format]?.[transform.quality] ?? transform.quality",
    "transform.quality",
    [`${MAKING}/submit-job.test.ts`],
  ),
  of(
    "a word is given for another one that looks the same",
    "apps/cli/src/ittybit/observe-quality.ts",
    "off(quality) - off(best) < LEAST_GAIN ? quality : best",
    "best",
    ["apps/cli/src/ittybit/observe-quality.test.ts"],
  ),
  of(
    "a PNG is read by another filter than it was written by",
    "apps/cli/src/ittybit/png.ts",
    "if (filter !== 4) return 0;",
    "return 0;",
    ["apps/cli/src/ittybit/observe-quality.test.ts"],
  ),
];
