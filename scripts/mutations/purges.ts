import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/images";
const SRC = "workers/consumer/src";
const QUEUE_TESTS = "workers/consumer/test/queue";
const WORLD = "test/world";

/** Purges and removals: what is swept from R2, and what a restore holds back. */
export const PURGES: readonly Mutation[] = [
  ...at({ file: `${ROOM}/image-actions.ts`, tests: [`${SRC}/api/image-actions.test.ts`] }, [
    breaks("P20", "a call of other images is taken for a repeat, and they are not removed", {
      find: "had?.last.from === last.from && had.last.hash === last.hash",
      replace: "had?.images === ask.from + ask.ids.length",
    }),
    breaks("P13", "a repeat of a call purges once more", {
      find: "had?.last.from === last.from && had.last.hash === last.hash",
      replace: "had?.last.from === -1",
    }),
    breaks("P20", "an action removes more images than there may be blocks", {
      find: 'ask.kind === "remove" && free.length > room',
      replace: 'ask.kind === "remove" && room < 0',
    }),
  ]),
  ...at({ file: `${ROOM}/purge-record.ts`, tests: [`${SRC}/api/purge-timeline.test.ts`] }, [
    breaks("P13", "a later pass of an older purge ends a newer one", {
      find: "if (image.purged !== seq || image.purgeOrdered === null) return;",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/purge.ts`, tests: [`${ROOM}/purge.test.ts`] }, [
    breaks("P16", "a purge raises no floor", { find: "  image.floor = Math.max(image.floor, seq);\n", replace: "" }),
  ]),
  ...at({ file: `${ROOM}/reconcile.ts`, tests: [`${SRC}/doctor/run-doctor.test.ts`] }, [
    breaks("P11", "the doctor deletes what was stored since it asked R2", {
      find: " || mayBeNewer(tx, key, at)) return false;",
      replace: ") return false;",
    }),
    breaks("P20", "the doctor leaves what a hand has put of a removed image", {
      find: "    if (image.removed) return askedForBlocksAt(tx) === null;\n",
      replace: "",
      tests: [`${WORLD}/removal.test.ts`],
    }),
    breaks("P20", "the doctor deletes for a removal of a copy before R2 has named the block", {
      find: "if (image.removed) return askedForBlocksAt(tx) === null;",
      replace: "if (image.removed) return true;",
      tests: [`${QUEUE_TESTS}/restored.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/removal-record.ts`, tests: [`${SRC}/api/removal.test.ts`] }, [
    breaks("P20", "an object that was put again under its name is not in the receipt", {
      find: "object.name === name && object.uploadedAt === uploadedAt",
      replace: "object.name === name",
      tests: [`${WORLD}/removal.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/removal.ts`, tests: [`${QUEUE_TESTS}/restored.test.ts`] }, [
    breaks("P20", "a restore deletes an image that was allowed again since the copy", {
      find: "if (!inR2.has(id)) lift(",
      replace: "if (inR2.size < 0) lift(",
      tests: [`${QUEUE_TESTS}/restored.test.ts`, `${WORLD}/removal.test.ts`],
    }),
    breaks("P20", "a list of blocks from before a restore ends the hold of that restore", {
      find: "if (asked === null || askedForBlocksAt(tx) !== asked) return;",
      replace: "if (asked === null) return;",
    }),
    breaks("P20", "an image that is removed right after a restore is allowed again", {
      find: "askedForBlocksAt(tx) === null ? known : { ...known, at: block.at }",
      replace: "known",
    }),
  ]),
  ...at({ file: `${ROOM}/restored-images.ts`, tests: [`${WORLD}/restore.test.ts`] }, [
    breaks("P16", "a restore forgets the purges that are under way", {
      find: "  for (const purge of before?.purges ?? []) purgeGoesOn(tx, purge);\n",
      replace: "",
    }),
    breaks("P20", "a restore brings a removed image back", {
      find: "  askForBlocks(tx);\n",
      replace: "",
      tests: [`${WORLD}/removal.test.ts`],
      histories: { rule: "noblocks", favourites: ["remove", "copyOrPutBack", "accept"] },
    }),
  ]),
  ...at({ file: `${ROOM}/sweeps.ts`, tests: [`${ROOM}/purge.test.ts`] }, [
    breaks("P1", "a job of an image that is unlocked waits as long as the lock would have lasted", {
      find: "if (row.due !== null && row.attempts === 0) row.due = row.created;",
      replace: "if (row.due === null) row.due = null;",
      tests: [`${SRC}/making/stager.test.ts`],
    }),
    breaks("P16", "a purge has no lock", {
      find: "  tx.images.get(image).lock = tx.now + PASS_MS;",
      replace: "  tx.images.get(image).lock = 0;",
      histories: { rule: "unlocked", favourites: ["purgedLate"] },
    }),
    breaks("P16", "a sweep makes no second pass", {
      find: "sweep.pass === 1 ? tx.now + SETTLED_MS",
      replace: "sweep.pass !== pass.pass ? tx.now + SETTLED_MS",
      tests: [`${ROOM}/sweeps.test.ts`],
      histories: { rule: "norecheck", favourites: ["race", "purge"] },
    }),
    breaks("P16", "a purge's second pass does not wait for live owners", {
      find: 'const isBusy = isUnsure || (kind === "delete" && isHeld(tx, sweep));',
      replace: "const isBusy = isUnsure;",
    }),
    breaks("P16", "a pass whose time is over goes on and deletes what was stored since", {
      find: "return sweep?.at === until && until > tx.now ? sweep : null;",
      replace: "return until > 0 ? sweep : null;",
      tests: [`${ROOM}/sweeps.test.ts`, `${WORLD}/slow-purge.test.ts`],
    }),
    breaks("L2", "a new point makes every stored variant anew", {
      find: '(kind === "remake" || isCropByFocal(key))',
      replace: '(kind !== "delete" || isCropByFocal(key))',
      tests: [`${ROOM}/focal.test.ts`],
    }),
    breaks("P20", "the sweep of an earlier new original makes a removed image again", {
      find: "  if (tx.images.get(image).removed) return;\n",
      replace: "",
      tests: [`${WORLD}/removal.test.ts`],
    }),
    breaks("P20", "the passes of a removal are those of a purge, and leave newer objects and the original", {
      find: 'const removes = kind === "delete" && tx.images.get(image).removed;',
      replace: "const removes = false;",
      tests: [`${WORLD}/removal.test.ts`],
    }),
    breaks("P20", "a pass deletes for a removal of a copy before R2 has named the block", {
      find: "const isUnsure = removes && askedForBlocksAt(tx) !== null;",
      replace: "const isUnsure = false;",
      tests: [`${QUEUE_TESTS}/restored.test.ts`],
    }),
    breaks("P20", "the receipt leaves out what a pass deletes", {
      find: "  noteFound(tx, sweep.image, found);\n",
      replace: "",
      tests: [`${WORLD}/removal.test.ts`, `${SRC}/api/removal.test.ts`],
    }),
    breaks("P20", "nobody looks 16 minutes after a removal", {
      find: "sweep.pass === 1 ? tx.now + SETTLED_MS : checkAt",
      replace: "checkAt",
      tests: [`${SRC}/images/sweeps.test.ts`],
    }),
  ]),
];
