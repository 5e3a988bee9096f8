import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/store";
const SRC = "workers/consumer/src";
const WORLD = "test/world";

/** Originals and variants in R2: reads, notes, lists, conditions of puts, and sweeps. */
export const STORE: readonly Mutation[] = [
  ...at({ file: `${SRC}/originals/read-start.ts`, tests: [`${SRC}/originals/probe.test.ts`] }, [
    breaks("P15", "an origin may redirect anywhere", {
      find: "if (next.origin !== new URL(url).origin) {",
      replace: 'if (next.origin === "never") {',
    }),
  ]),
  ...at({ file: `${ROOM}/shared-calls.ts`, tests: [`${ROOM}/shared-calls.test.ts`] }, [
    breaks("P16", "a pass takes the beginning of its image's objects for all of them", {
      find: "last > one.prefix && !last.startsWith(one.prefix)",
      replace: "last > one.prefix",
    }),
    breaks("P16", "a list that the call of another did not answer waits for ever", {
      find: "if (waiting.length > 0) void takeTurn(waiting, work);",
      replace: "if (waiting.length < 0) void takeTurn(waiting, work);",
    }),
    breaks("P16", "a delete is made after the lock under which it was asked for", {
      find: "now - next.at > DELETE_WITHIN_MS",
      replace: "now - next.at < 0",
    }),
    breaks("P20", "passes list and delete each for itself", {
      find: "const TOGETHER_MAX = 100;",
      replace: "const TOGETHER_MAX = 1;",
      tests: [`${WORLD}/bulk-removal.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/info.ts`, tests: [`${ROOM}/info.test.ts`] }, [
    breaks("P19", "nothing is compared", {
      find: "return saySmaller(",
      replace: "return void (",
      tests: [`${SRC}/making/smaller-formats.test.ts`],
    }),
    breaks("P18", "a view of another version takes the note of its image", {
      find: "announced > (info?.announced ?? 0);",
      replace: "announced >= 0;",
      tests: [`${ROOM}/info.test.ts`, "test/world/announced-version.test.ts"],
    }),
    breaks("P18", "a late job of an older version takes the note back", {
      find: "announced > (info?.announced ?? 0);",
      replace: "announced > 0;",
    }),
    breaks("P18", "a view of another version empties the note once the original has changed", {
      find: "if (info !== null && info.version !== v && !isLater && listedIn(info) > 0) return null;",
      replace: "",
    }),
    breaks("P5", "the note tells the older original although a newer one was noted", {
      find: "made !== null && made.gen >= notedGen",
      replace: "made !== null && notedGen >= 0",
    }),
    breaks("P17", "the original is looked at again for the note", { find: "lookOf(variants, made) ?? ", replace: "" }),
    breaks("P11", "a note takes the place of another that was put since it was read", {
      find: "    onlyIf,\n",
      replace: "",
    }),
    breaks("P18", "the doctor takes out of a note what was stored since it looked", {
      find: "putInfo(deps.images, id, kept, metadata, asListed)",
      replace: "putInfo(deps.images, id, kept, metadata, ifUnchanged(object.etag))",
    }),
    breaks("P20", "a late handler writes a note over the block that the edge reads", {
      find: "    if (isRemovedNote(object)) {\n",
      replace: "    if (false as boolean) {\n",
    }),
  ]),
  ...at({ file: `${ROOM}/note-versions.ts`, tests: [`${ROOM}/info.test.ts`] }, [
    breaks("P18", "made-up versions make a note grow without end", { find: ".slice(-OTHERS_MAX)", replace: "" }),
    breaks("P18", "what is stored of a version is forgotten once another one is announced", {
      find: "byEnd(variantsOf(info, info.version), info.version)",
      replace: "{}",
    }),
  ]),
  ...at({ file: `${ROOM}/list-pages.ts`, tests: [`${ROOM}/list-pages.test.ts`] }, [
    breaks("P11", "a short page ends every list", {
      find: "while (page.truncated) {",
      replace: "while (page.truncated && page.objects.length >= 1_000) {",
    }),
    breaks("P11", "a page without objects ends an interval, which is then taken for the last", {
      find: "    if (objects.length >= most) break;",
      replace: "    if (objects.length >= most || page.objects.length === 0) break;",
      tests: [`${SRC}/doctor/run-doctor.test.ts`, `${ROOM}/list-pages.test.ts`],
    }),
    breaks("P2", "what lies behind a short page counts as missing, and is made again", {
      find: "    isWhole = !page.truncated && objects.length <= most;\n    if (objects.length >= most) break;",
      replace: "    isWhole = true;\n    if (page.objects.length < most) break;",
    }),
  ]),
  ...at({ file: `${ROOM}/make-pass.ts`, tests: [`${ROOM}/make-pass.test.ts`] }, [
    breaks("P20", "a note that was put a moment ago keeps a removed image in R2 for two minutes", {
      find: "    () => false,\n",
      replace: "    (error) => Promise.reject(error),\n",
    }),
    breaks("P20", "staged originals stay in R2", {
      find: "    (await deleteAll(images, stagedPrefix(id), goOn));",
      replace: "    stagedPrefix(id) !== null;",
    }),
    breaks("P20", "the original stays in its bucket", {
      find: "  if (goesOn && own !== null) await deleteOriginal(own, await images.head(blockKey(id)), goOn);\n",
      replace: "",
    }),
    breaks("P20", "an original that was put after the removal is deleted", {
      find: "block === null || object.uploaded > block.uploaded) return;",
      replace: "block === null) return;",
    }),
    breaks("P20", "the original of an image that was allowed again is deleted", {
      find: "block === null || object.uploaded > block.uploaded) return;",
      replace: "(block !== null && object.uploaded > block.uploaded)) return;",
    }),
  ]),
  ...at({ file: `${ROOM}/markers.ts`, tests: [`${SRC}/making/submit-job.test.ts`] }, [
    breaks("P17", "markers are deleted that are not there", {
      find: "return names.filter((_, n) => are[n]);",
      replace: "return names.filter((_, n) => are[n] !== undefined);",
    }),
  ]),
  ...at({ file: `${ROOM}/put-condition.ts`, tests: [`${SRC}/making/smaller-formats.test.ts`] }, [
    breaks("P19", "a newer generation with the same bytes becomes an older one", {
      find: ", uploadedBefore: new Date(uploaded.getTime() + 1)",
      replace: "",
    }),
    breaks("P19", "a purged variant comes back to say what is smaller", {
      find: "uploadedAfter: new Date(uploaded.getTime() - 1), ",
      replace: "",
    }),
    breaks("P16", "a put that wants nothing there overwrites what is there", {
      find: 'new Headers({ "If-None-Match": "*" })',
      replace: '{ etagDoesNotMatch: "none" }',
      tests: [`${ROOM}/store.workerd.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/say-smaller.ts`, tests: [`${SRC}/making/smaller-formats.test.ts`] }, [
    breaks("P19", "an object of another original says what is smaller", {
      find: " || made.sourceEtag !== etag",
      replace: "",
    }),
    breaks("P19", "an object of other bytes says what is smaller", { find: " || object.size !== bytes", replace: "" }),
    breaks("P19", "variants are compared of which nothing tells the original", {
      find: "first === undefined || now.etag === null) return [];\n  const { etag } = now;",
      replace: "first === undefined) return [];\n  const { etag } = now as { etag: string };",
    }),
  ]),
  ...at({ file: `${ROOM}/sizes.ts`, tests: [`${ROOM}/sizes.test.ts`] }, [
    breaks("P19", "a note grows without end", { find: ".slice(-PICTURES_MAX)", replace: "" }),
  ]),
  ...at({ file: `${ROOM}/sweep-image.ts`, tests: [`${ROOM}/list-pages.test.ts`] }, [
    breaks("P16", "a purge deletes by a list that is older than its lock", {
      find: "    if (!goOn()) return;\n",
      replace: "",
      tests: [`${ROOM}/list-pages.test.ts`, `${WORLD}/slow-purge.test.ts`],
    }),
    breaks("P19", "a new original has the copies of formats made that are not configured", {
      find: "customMetadata?.job !== ORIGINAL_JOB",
      replace: "customMetadata !== null",
      tests: [`${SRC}/making/original-copy.test.ts`],
    }),
    breaks("P16", "a new original leaves the markers of the older one", {
      find: '  if (kind === "remake" && pass === 1) await deleteWhere(bucket, markers, () => true);\n',
      replace: "",
      tests: [`${SRC}/ledger-deps.workerd.test.ts`],
    }),
    breaks("P16", "a purge takes a short page for the end", {
      find: `for await (const { objects } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {
    const doomed`,
      replace: `for (const { objects } of [await bucket.list({ prefix, include: ["customMetadata"] })]) {
    const doomed`,
    }),
    breaks("P16", "the sweep of a new original takes a short page for the end, and never has the rest made again", {
      find: `for await (const { objects } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {
    const made`,
      replace: `for (const { objects } of [await bucket.list({ prefix, include: ["customMetadata"] })]) {
    const made`,
    }),
  ]),
  ...at({ file: `${ROOM}/sweep-image.ts`, tests: [`${ROOM}/make-pass.test.ts`] }, [
    breaks("P16", "a purge leaves staged originals", {
      find: "({ key }) => numberOf(key) < fence);",
      replace: "({ key }) => numberOf(key) < 0);",
    }),
  ]),
  ...at({ file: "packages/shared/src/staged-name.ts", tests: [`${SRC}/making/stager.test.ts`] }, [
    breaks("P16", "two versions that were ordered soon after a purge are made from one copy", {
      find: "return v === null ? String(number) : `${number}@${v}`;",
      replace: "return String(number || v);",
    }),
  ]),
  ...at({ file: `${ROOM}/staged.ts`, tests: [`${SRC}/making/stager.test.ts`] }, [
    breaks("P16", "staged bytes are replaced by those of a later read", {
      find: "return (await bucket.put(stagedKey(name), body, { onlyIf: ifUnchanged(null), customMetadata })) !== null;",
      replace: "return (await bucket.put(stagedKey(name), body, { customMetadata })) !== null;",
    }),
  ]),
  ...at({ file: `${ROOM}/variants.ts`, tests: [`${SRC}/making/original-copy.test.ts`] }, [
    breaks("P16", "the put is unconditional", {
      find: "onlyIf: ifUnchanged(before?.etag ?? null),",
      replace: "",
      tests: [`${SRC}/making/finish-job.test.ts`],
      histories: { rule: "cas", favourites: ["race", "replace"] },
    }),
    breaks("P19", "a purged variant comes back, and a copy stays that a new original does not replace", {
      find: "object === null ? !isNew : ",
      replace: "object === null ? false : ",
    }),
    breaks("P19", "an original is put again each time that its image is noted", {
      find: "  if (object !== null && isOfIt && object.size <= bytes.byteLength) return object.size;\n",
      replace: "",
    }),
  ]),
];
