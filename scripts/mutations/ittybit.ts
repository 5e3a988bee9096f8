import { at, breaks, type Mutation } from "./mutation.ts";

const STRIP = "workers/consumer/src/ittybit/output/strip";
const POLLER = "workers/consumer/src/ittybit/poller";
const SRC = "workers/consumer/src";
const WORLD = "test/world";

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
      find: "    sent: secretsOfOrder(order),\n",
      replace: "",
      tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/job-order.ts`, tests: [`${SRC}/making/submit-job.test.ts`] }, [
    breaks("P2", "each POST has a key of its own", {
      find: "idempotencyKey: `pw-",
      replace: "idempotencyKey: Math.random() + `pw-",
    }),
    breaks("P19", "Ittybit is told the URL's word for a quality", {
      find: "qualities[format]?.[transform.quality] ?? transform.quality",
      replace: "transform.quality",
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/job-request.ts`, tests: [`${SRC}/making/against-emulator.test.ts`] }, [
    breaks("L3", "a JPEG of a transparent original is made as JPEG", {
      find: 'return format === "jpeg" && alpha ? "png" : format;',
      replace: 'return format === "jpeg" && alpha ? "jpeg" : format;',
    }),
  ]),
  ...at({ file: `${SRC}/ittybit/output/download.ts`, tests: [`${SRC}/ittybit/output/download.test.ts`] }, [
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
  ...at({ file: `${SRC}/ittybit/output/verify.ts`, tests: ["workers/consumer/test/promises/another-format.test.ts"] }, [
    breaks("P3", "the result's format is believed, not looked at", {
      find: "if (type !== expected.format)",
      replace: "if (type === null)",
    }),
    breaks("P3", "any size passes", {
      find: "return fault === null ? { ok: true, size } : another(fault);",
      replace: "return { ok: true, size };",
      tests: [`${SRC}/ittybit/output/verify.test.ts`],
    }),
  ]),
  ...at({ file: `${POLLER}/job-polls.ts`, tests: [`${POLLER}/poller.test.ts`] }, [
    breaks("P9", "a page is read only when the last ones have all been read", {
      find: "while (this.#reads.size < AT_ONCE) {",
      replace: "while (this.#beingRead.size === 0) {",
    }),
  ]),
  ...at({ file: `${POLLER}/job-search.ts`, tests: [`${POLLER}/job-search.test.ts`] }, [
    breaks("P9", "a job is looked for only once its id is told", {
      find: "this.#deps.view.unnamed();",
      replace: "new Set(this.#deps.view.unreported().map(({ gen }) => gen));",
      tests: [`${POLLER}/poller.test.ts`],
    }),
    breaks("P6", "what a page shows of jobs that nobody has told is not told", {
      find: "this.#deps.report({ found, ended });",
      replace: "this.#deps.report({ ended });",
    }),
    breaks("P8", "a list that shows no metadata proves that a job was never made", {
      find: "if (isShown) this.#noteAbsent(",
      replace: "if (isShown || calls > 0) this.#noteAbsent(",
    }),
    breaks("P8", "a list that is older than the last POST proves that a job was never made", {
      find: "sureAt === null || readAt < sureAt)",
      replace: "sureAt === null)",
    }),
  ]),
  ...at({ file: `${POLLER}/job-times.ts`, tests: [`${POLLER}/job-times.test.ts`] }, [
    breaks("P17", "the last few jobs of a page that have surely ended wait for seconds", {
      find: "(isLast ? LAST_READ : 1) * ",
      replace: "",
    }),
  ]),
  ...at({ file: `${POLLER}/next-read.ts`, tests: [`${POLLER}/next-read.test.ts`] }, [
    breaks("P17", "a job is read by itself though a page shows it with others", {
      find: "isOpen(job)).length === 1",
      replace: "isOpen(job)).length >= 1",
    }),
    breaks("P17", "a job that is wrongly taken for the youngest hides those after it", {
      find: " && !shows.some(isMissed)",
      replace: "",
    }),
    breaks("P17", "the oldest page is read first, whatever has waited elsewhere", {
      find: "best === null || ms > best.ms",
      replace: "best === null",
    }),
  ]),
  ...at({ file: `${POLLER}/open-job-memory.ts`, tests: [`${POLLER}/open-job-memory.test.ts`] }, [
    breaks("P17", "every webhook of one job costs a look", {
      find: "one === undefined || one.pings >= PINGS_MAX",
      replace: "one === undefined",
      tests: [`${POLLER}/poller.test.ts`, `${WORLD}/webhooks.test.ts`],
    }),
    breaks("P17", "a webhook makes the poller look no sooner", {
      find: "if (one.isPinged) return",
      replace: "if (one.isPinged && one.live) return",
      tests: [`${POLLER}/open-job-memory.test.ts`, `${POLLER}/poller.test.ts`, `${WORLD}/webhooks.test.ts`],
    }),
    breaks("P17", "a job that a webhook names is looked at again and again", {
      find: "(one.polledAt ?? 0, now), isPinged: false })",
      replace: "(one.polledAt ?? 0, now) })",
      tests: [`${POLLER}/poller.test.ts`, `${WORLD}/webhooks.test.ts`],
    }),
    breaks("P17", "a page's place in the list is forgotten", {
      find: "else if (!place.isExact) Object.assign(place, shown);",
      replace: "",
    }),
    breaks("P17", "places that two pages have shown stand in another order once POSTs take longer", {
      find: "if (place.isExact) place.at = place.createdAt - place.by.laterMs;",
      replace: "",
      tests: [`${POLLER}/open-job-memory.test.ts`, "workers/consumer/test/promises/few-calls.test.ts"],
    }),
    breaks("P17", "a jump of Ittybit's clock takes old jobs along", {
      find: "this.#clock = { laterMs: ms };",
      replace: "this.#clock = Object.assign(this.#clock ?? {}, { laterMs: ms });",
    }),
    breaks("P17", "a place is guessed though it is told when Ittybit made the job", {
      find: "...(this.#exact(createdAt) ??",
      replace: "...(null ??",
    }),
    breaks("P9", "a viewer's job is polled a moment before it can have ended", {
      find: "one.live && one.heardAt > 0 ? one.heardAt : one.admittedAt",
      replace: "one.admittedAt",
    }),
  ]),
];
