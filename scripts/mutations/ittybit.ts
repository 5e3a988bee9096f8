import { at, breaks, type Mutation } from "./mutation.ts";

const STRIP = "workers/consumer/src/output/strip";
const LABELS = "workers/consumer/src/output/labels";
const POLLER = "workers/consumer/src/ittybit/poller";
const SRC = "workers/consumer/src";

/** Ittybit: calls, the poller, and what is taken out of a result. */
export const ITTYBIT: readonly Mutation[] = [
  ...at({ file: `${SRC}/ittybit/client.ts`, tests: [`${SRC}/ittybit/client.test.ts`] }, [
    breaks("P14", "Ittybit's error text may repeat the key", {
      find: "const clean = (word: string) => publicText(word, secrets);",
      replace: "const clean = (word: string) => word;",
    }),
    breaks("N1", "Ittybit's answers may be nested without end", {
      find: "body: parseForeignJson(text)",
      replace: "body: JSON.parse(text)",
      tests: ["scripts/foreign-json.test.ts"],
    }),
    breaks("P14", "Ittybit's answers may quote what an order signed", {
      find: "    sent: secretsOf(order.input),\n",
      replace: "",
      tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/engine.ts`, tests: [`${SRC}/making/submit-job.test.ts`] }, [
    breaks("P17", "when Ittybit made a job is not told, so its place is guessed", {
      find: '{ kind: "made", job: id, createdAt };',
      replace: '{ kind: "made", job: id, createdAt: null };',
    }),
    breaks("P2", "the job of an unanswered POST is not looked for", {
      find: "answer.lookFirst === true || order.again ?",
      replace: "answer.lookFirst === true && order.again ?",
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/result.ts`, tests: [`${SRC}/making/finish-job.test.ts`] }, [
    breaks("P3", "the fresh URL of another variant's job is fetched", {
      find: "shown === null || isAnothers(shown, generation) ?",
      replace: "shown === null ?",
    }),
    breaks("F4", "a result of any size is kept", {
      find: "maxBytes: OUTPUT_MAX_BYTES }",
      replace: "maxBytes: 10 * OUTPUT_MAX_BYTES }",
      tests: [`${SRC}/making/against-emulator.test.ts`, "test/world/strangers/kept.test.ts"],
    }),
    breaks("P3", "the result of another variant's job is stored", {
      find: "  if (isAnothers(job, generation)) return",
      replace: "  if (job.id === ofAnother.name) return",
    }),
    breaks("P17", "a result is fetched again from its old address", {
      find: "job.output === null || isRetry ?",
      replace: "job.output === null ?",
    }),
    breaks("P14", "the error of a job may quote the address of its result", {
      find: "[job.input, job.output].flatMap(secretsOf)",
      replace: "[job.input, job.output].slice(2).flatMap(secretsOf)",
      tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/job-order.ts`, tests: [`${SRC}/making/submit-job.test.ts`] }, [
    breaks("P2", "each POST has a key of its own", {
      find: "idempotencyKey: `pw-",
      replace: "idempotencyKey: Math.random() + `pw-",
    }),
    breaks("L3", "a handler that did not post a job does not know that it makes a PNG", {
      find: "FORMATS.find((one) => one === metadata.format) ?? null",
      replace: 'FORMATS.find((one) => one === metadata.format && one === "avif") ?? null',
      tests: [`${SRC}/making/finish-job.test.ts`],
    }),
    breaks("P19", "Ittybit is told the URL's word for a quality", {
      find: "qualities[format]?.[transform.quality] ?? transform.quality",
      replace: "transform.quality",
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/job-order.ts`, tests: [`${SRC}/making/against-emulator.test.ts`] }, [
    breaks("L3", "a JPEG of a transparent original is made as JPEG", {
      find: 'return format === "jpeg" && alpha ? "png" : format;',
      replace: 'return format === "jpeg" && alpha ? "jpeg" : format;',
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/download.ts`, tests: [`${SRC}/ittybit/download.test.ts`] }, [
    breaks("P3", "fewer bytes than declared pass", {
      find: "if (declared !== null && total !== declared)",
      replace: "if (declared !== null && total > declared)",
    }),
  ]),
  ...at({ file: `${STRIP}/bytes.ts`, tests: [`${STRIP}/strip-metadata.test.ts`] }, [
    breaks("P14", "a picture may have any number of parts", {
      find: "if (parts > PARTS_MAX)",
      replace: "if (parts > 1e9)",
    }),
  ]),
  ...at({ file: `${STRIP}/strip-avif.ts`, tests: [`${STRIP}/strip-metadata.test.ts`] }, [
    breaks("P14", "AVIF keeps Exif", { find: 'Exif: "Exif", mime', replace: "mime" }),
    breaks("P14", "an AVIF's picture may be overwritten", {
      find: "own.length === 0 || overlaps",
      replace: "own.length === 0",
    }),
  ]),
  ...at({ file: `${STRIP}/strip-jpeg.ts`, tests: [`${STRIP}/strip-metadata.test.ts`] }, [
    breaks("P14", "JPEG keeps Exif", {
      find: '  [0xee, "Adobe"],\n',
      replace: '  [0xee, "Adobe"],\n  [0xe1, EXIF],\n',
    }),
    breaks("P14", "what stands behind a JPEG stays", {
      find: "Uint8Array.of(0xff, EOI)])",
      replace: "bytes.subarray(end - 2)])",
    }),
    breaks("P14", "a turned JPEG is stored unturned", { find: "  walk.kept.push(own);\n", replace: "" }),
  ]),
  ...at({ file: `${STRIP}/strip-png.ts`, tests: [`${STRIP}/strip-metadata.test.ts`] }, [
    breaks("P14", "PNG keeps text", { find: "fcTL fdAT", replace: "fcTL fdAT tEXt iTXt" }),
  ]),
  ...at({ file: `${STRIP}/strip-webp.ts`, tests: [`${STRIP}/strip-metadata.test.ts`] }, [
    breaks("P14", "WebP keeps Exif", { find: '"ICCP"])', replace: '"ICCP", "EXIF"])' }),
  ]),
  ...at({ file: `${SRC}/originals/probe.ts`, tests: [`${SRC}/making/labels.test.ts`] }, [
    breaks("P14", "labels are read without the setting", {
      find: "config.labels ? said(bytes) : {}",
      replace: "said(bytes)",
    }),
  ]),
  ...at({ file: `${LABELS}/add-to-avif.ts`, tests: [`${LABELS}/labels.test.ts`] }, [
    breaks("P14", "an AVIF's places are not moved along", { find: "offset + by : offset", replace: "offset : offset" }),
  ]),
  ...at({ file: `${LABELS}/inflate.ts`, tests: [`${LABELS}/labels.test.ts`] }, [
    breaks("P14", "a compressed text is inflated to its end", {
      find: "at < data.byteLength && length <= most",
      replace: "at < data.byteLength",
    }),
  ]),
  ...at({ file: `${LABELS}/labels.ts`, tests: [`${LABELS}/labels.test.ts`] }, [
    breaks("P14", "a label has any length", { find: "if (left < 0) break;", replace: "" }),
  ]),
  ...at({ file: `${LABELS}/read-xmp.ts`, tests: [`${LABELS}/labels.test.ts`] }, [
    breaks("P14", "a label of another picture counts", { find: "this.#open.length === 2", replace: "true" }),
    breaks("P14", "elements stand in each other without end", {
      find: "if (this.#depth > DEPTH_MAX)",
      replace: "if (this.#depth > 1e9)",
    }),
  ]),
  ...at({ file: `${SRC}/output/verify.ts`, tests: ["workers/consumer/test/promises/another-format.test.ts"] }, [
    breaks("P3", "the result's format is believed, not looked at", {
      find: "if (type !== expected.format)",
      replace: "if (type === null)",
    }),
    breaks("P3", "any size passes", {
      find: "return fault === null ? { ok: true, size } : another(fault);",
      replace: "return { ok: true, size };",
      tests: [`${SRC}/output/verify.test.ts`],
    }),
  ]),
  ...at({ file: `${POLLER}/job-reader.ts`, tests: [`${POLLER}/poller.test.ts`] }, [
    breaks("P9", "a job is looked for only once its id is told", {
      find: "this.#deps.view.unnamed();",
      replace: "new Set(this.#deps.view.unreported().map(({ gen }) => gen));",
    }),
    breaks("P6", "what a page shows of jobs that nobody has told is not told", {
      find: "this.report({ found, ended:",
      replace: "this.report({ ended:",
      tests: [`${POLLER}/job-search.test.ts`],
    }),
    breaks("P2", "a job that one read by its id did not find is gone", {
      find: "watched.unknown >= UNKNOWN_MAX",
      replace: "watched.unknown > 0",
    }),
    breaks("P2", "a job that pages show is gone", {
      find: " && (isHidden(only) || only.unknown === 0);",
      replace: ";",
    }),
  ]),
  ...at({ file: `${POLLER}/job-search.ts`, tests: [`${POLLER}/job-search.test.ts`] }, [
    breaks("P8", "a list that shows no metadata proves that a job was never made", {
      find: " && isShown && ",
      replace: " && ",
    }),
    breaks("P8", "a list that is older than the last POST proves that a job was never made", {
      find: " && now >= sureAt",
      replace: "",
    }),
    breaks("P6", "pages after a restore that Ittybit did not give are never read", {
      find: 'if (end === "failed") this.#scanned = 0;',
      replace: "",
    }),
  ]),
  ...at({ file: `${POLLER}/open-jobs.ts`, tests: [`${POLLER}/poller.test.ts`] }, [
    breaks("P17", "a slow job is read as often as any", {
      find: "age <= SLOW.times * jobMs.slow",
      replace: "age >= 0",
    }),
    breaks("P17", "a place is guessed though it is told when Ittybit made the job", {
      find: "createdAt ?? this.#places.get(",
      replace: "this.#places.get(",
    }),
    breaks("P17", "the newest page is read first, whatever has waited elsewhere", {
      find: "if (ms > best.ms)",
      replace: "if (ms > 0 && best.ms === 0)",
    }),
    breaks("P9", "a viewer's job is polled a moment before it can have ended", {
      find: "urgent && heardAt > 0 ? heardAt : admittedAt",
      replace: "admittedAt",
    }),
  ]),
  ...at({ file: `${POLLER}/poller.ts`, tests: [`${POLLER}/poller.test.ts`] }, [
    breaks("P9", "a page is read only when the last ones have all been read", {
      find: "while (this.#reads.size < MAX_CONNECTIONS) {",
      replace: "while (this.#reads.size === 0) {",
    }),
    breaks("P17", "Ittybit is read as fast as it answers", {
      find: "if (now < this.#readAt && !isUrgent)",
      replace: "if (now < 0 && !isUrgent)",
    }),
  ]),
];
