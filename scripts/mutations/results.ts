import type { Mutation } from "./promises.ts";

/* Results that cannot be fetched, results that say too much, and messages that quote what was signed: each cure taken out again. */

const SRC = "workers/consumer/src";
const WORLD = "test/world/failing-results.test.ts";

export const RESULTS: Mutation[] = [
  {
    promise: "P17",
    breaks: "a result that cannot be fetched is given up at once",
    file: `${SRC}/making/fetch-result.ts`,
    find: "if (missing >= RESULT_WITHIN_MS) {",
    replace: "if (missing >= 0) {",
    tests: [WORLD],
  },
  {
    promise: "P17",
    breaks: "a result that cannot be fetched is never given up",
    file: `${SRC}/ledger/protocol/settle.ts`,
    find: "      if (outcome.unfetched !== undefined) entry.unfetchedSince ??= tx.now;\n",
    replace: "",
    tests: [WORLD],
  },
  {
    promise: "P17",
    breaks: "an eviction forgets since when a result could not be fetched",
    file: `${SRC}/ledger/tables/hands.ts`,
    find: "if (unfetchedSince !== null) return [...packed, hook, unfetchedSince];",
    replace: "",
    tests: [`${SRC}/ledger/protocol/unfetched.test.ts`],
  },
  {
    promise: "P17",
    breaks: "a page in place of a result is taken for what Ittybit made",
    file: `${SRC}/making/finish-job.ts`,
    find: "  if (isPicture) return failed(",
    replace: "  if (isPicture !== null) return failed(",
    tests: [WORLD],
  },
  {
    promise: "P17",
    breaks: "a result is fetched again from its old address",
    file: `${SRC}/making/finish-job.ts`,
    find: "(sight.output === null || unfetchedSince !== null)",
    replace: "sight.output === null",
    tests: [`${SRC}/making/finish-job.test.ts`],
  },
  {
    promise: "P17",
    breaks: "jobs are made although no result can be fetched",
    file: `${SRC}/ledger/protocol/unfetched.ts`,
    find: "if (late.length < ALL_FAIL.jobs && ",
    replace: "if (late.length < 10_000 && ",
    tests: [WORLD],
  },
  {
    promise: "P17",
    breaks: "one result that cannot be fetched stops everything",
    file: `${SRC}/ledger/protocol/unfetched.ts`,
    find: "jobs: 3 };",
    replace: "jobs: 1 };",
    tests: [WORLD],
  },
  {
    promise: "P17",
    breaks: "that Ittybit takes a job closes a breaker which waits for results",
    file: `${SRC}/ledger/protocol/gate.ts`,
    find: "isProbe(gate, gen) && gate.state.breaker.results !== true",
    replace: "isProbe(gate, gen)",
    tests: [`${SRC}/ledger/protocol/unfetched.test.ts`],
  },
  {
    promise: "P17",
    breaks: "signatures of GCS are not known",
    file: `${SRC}/platform/signed-url.ts`,
    find: 'const PREFIXES = ["x-amz-", "x-goog-"];',
    replace: 'const PREFIXES = ["x-amz-"];',
    tests: [`${SRC}/ittybit/output/download.test.ts`],
  },
  {
    promise: "P14",
    breaks: "Ittybit's answers may quote what an order signed",
    file: `${SRC}/ittybit/client.ts`,
    find: "    sent: secretsOfOrder(order),\n",
    replace: "",
    tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
  },
  {
    promise: "P14",
    breaks: "the error of a job may quote what was signed",
    file: `${SRC}/making/finish-job.ts`,
    find: "return [own ?? null, job.input, job.output].flatMap(secretsOf);",
    replace: "return [own ?? null, job.input, job.output].slice(3).flatMap(secretsOf);",
    tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
  },
  {
    promise: "P14",
    breaks: "a secret in Base64 is no secret",
    file: `${SRC}/platform/log.ts`,
    find: ", ...base64Forms(secret)]",
    replace: "]",
    tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
  },
  {
    promise: "P14",
    breaks: "an apostrophe ends a URL",
    file: `${SRC}/platform/log.ts`,
    find: String.raw`/https?:\\?\/\\?\/[^\s"<>]*/gi`,
    replace: String.raw`/https?:\\?\/\\?\/[^\s"'<>]*/gi`,
    tests: [`${SRC}/platform/log.test.ts`],
  },
  {
    promise: "P14",
    breaks: "results are stored with the position and the author in them",
    file: `${SRC}/making/finish-job.ts`,
    find: "const { bytes } = stripped;",
    replace: "const { bytes } = body;",
    tests: [`${SRC}/making/finish-job.test.ts`],
  },
  ...(
    [
      ["JPEG keeps Exif", "strip-jpeg.ts", '  [0xee, "Adobe"],\n', '  [0xee, "Adobe"],\n  [0xe1, EXIF],\n'],
      ["WebP keeps Exif", "strip-webp.ts", '"ICCP"])', '"ICCP", "EXIF"])'],
      ["PNG keeps text", "strip-png.ts", "fcTL fdAT", "fcTL fdAT tEXt iTXt"],
      ["AVIF keeps Exif", "strip-avif.ts", 'Exif: "Exif", mime', "mime"],
      ["what stands behind a JPEG stays", "strip-jpeg.ts", "Uint8Array.of(0xff, EOI)])", "bytes.subarray(end - 2)])"],
      ["a turned JPEG is stored unturned", "strip-jpeg.ts", "  walk.kept.push(own);\n", ""],
      ["an AVIF's picture may be overwritten", "strip-avif.ts", "own.length === 0 || overlaps", "own.length === 0"],
    ] as const
  ).map(([breaks, file, find, replace]) => ({
    promise: "P14",
    ...{ breaks, file: `${SRC}/ittybit/output/strip/${file}`, find, replace },
    tests: [`${SRC}/ittybit/output/strip/strip-metadata.test.ts`],
  })),
];
