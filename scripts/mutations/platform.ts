import type { Mutation } from "./promises.ts";

const QUEUE = "packages/durable-queue/src";

const SRC = "workers/consumer/src";
const STORE = `${SRC}/store`;
const LEDGER = `${SRC}/ledger`;
const REPEATED = "test/world/repeated-calls.test.ts";

/** What the platform's documentation allows, though no local run does it: each answer taken back by one line. */
export const PLATFORM: Mutation[] = [
  {
    promise: "P11",
    breaks: "a repeat of a call has another id",
    file: `${LEDGER}/ledger-for.ts`,
    find: `      const said = kind === "id" ? [...args, deps.newCallId()] : args;
      return persist(call, () => (newStub()[call] as (...args: unknown[]) => Promise<unknown>)(...said), deps);`,
    replace: `      const said = () => (kind === "id" ? [...args, deps.newCallId()] : args);
      return persist(call, () => (newStub()[call] as (...args: unknown[]) => Promise<unknown>)(...said()), deps);`,
    tests: [`${LEDGER}/ledger-for.test.ts`, REPEATED],
  },
  {
    promise: "P11",
    breaks: "the ledger does the work of a call that it has heard",
    file: `${QUEUE}/object/once.ts`,
    find: "  if (before !== null) return before.answer;\n",
    replace: "",
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a call whose effect stands in memory is heard twice",
    file: `${QUEUE}/schema/known-calls.ts`,
    find: "    if (this.#ids.has(id)) return false;\n",
    replace: "",
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a purge that is repeated begins another one",
    file: `${LEDGER}/contract.ts`,
    find: 'purgeImage: "id",',
    replace: 'purgeImage: "idempotent",',
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a repeated import finds its copy gone",
    file: `${QUEUE}/object/queue.ts`,
    find: "    if (heard !== null) return heard.answer;\n",
    replace: "",
    tests: [REPEATED],
  },
  {
    promise: "P11",
    breaks: "a restore that is repeated after the restart tells the bookmark of after it",
    file: `${SRC}/api/ledger.ts`,
    find: "      if (found === null || (await ledger.restoreTo({ bookmark: found.bookmark })) === null)",
    replace: "      if (found !== null) Object.assign(found, await ledger.restoreTo(to));\n      if (found === null)",
    tests: [`${SRC}/api/ledger.test.ts`],
  },
  {
    promise: "P11",
    breaks: "the doctor unlocks an image while R2 still deletes, and loses R2's error",
    file: `${SRC}/doctor/run-doctor.ts`,
    find: "  await deleteVariants(bucket, answer.objects);",
    replace: "  void deleteVariants(bucket, answer.objects);",
    tests: [`${SRC}/doctor/run-doctor.test.ts`],
  },
  {
    promise: "P16",
    breaks: "a purge takes a short page for the end",
    file: `${STORE}/sweep-image.ts`,
    find: 'for await (const { objects } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {\n    const doomed',
    replace:
      'for (const { objects } of [await bucket.list({ prefix, include: ["customMetadata"] })]) {\n    const doomed',
    tests: [`${STORE}/list-pages.test.ts`],
  },
  {
    promise: "P16",
    breaks: "the sweep of a new original takes a short page for the end, and never has the rest made again",
    file: `${STORE}/sweep-image.ts`,
    find: 'for await (const { objects } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {\n    const made',
    replace:
      'for (const { objects } of [await bucket.list({ prefix, include: ["customMetadata"] })]) {\n    const made',
    tests: [`${STORE}/list-pages.test.ts`],
  },
  {
    promise: "P11",
    breaks: "a short page ends every list",
    file: `${STORE}/list-pages.ts`,
    find: "while (page.truncated) {",
    replace: "while (page.truncated && page.objects.length >= 1_000) {",
    tests: [`${STORE}/list-pages.test.ts`],
  },
  {
    promise: "P11",
    breaks: "a page without objects ends an interval, which is then taken for the last",
    file: `${STORE}/list-pages.ts`,
    find: "    if (objects.length >= most) break;",
    replace: "    if (objects.length >= most || page.objects.length === 0) break;",
    tests: [`${SRC}/doctor/run-doctor.test.ts`, `${STORE}/list-pages.test.ts`],
  },
  {
    promise: "P2",
    breaks: "what lies behind a short page counts as missing, and is made again",
    file: `${STORE}/list-pages.ts`,
    find: "    isWhole = !page.truncated && objects.length <= most;\n    if (objects.length >= most) break;",
    replace: "    isWhole = true;\n    if (page.objects.length < most) break;",
    tests: [`${STORE}/list-pages.test.ts`],
  },
  {
    promise: "P16",
    breaks: "a put that wants nothing there overwrites what is there",
    file: `${STORE}/put-condition.ts`,
    find: 'new Headers({ "If-None-Match": "*" })',
    replace: '{ etagDoesNotMatch: "none" }',
    tests: [`${STORE}/store.workerd.test.ts`],
  },
  {
    promise: "P13",
    breaks: "a variant that is made anew stands on two pages of its image",
    file: `${SRC}/api/images.ts`,
    find: "name > after && (to === null || name <= to)",
    replace: 'after === "" && name !== to',
    tests: [`${SRC}/api/runs-and-images.test.ts`],
  },
];
