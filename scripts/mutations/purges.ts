import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/images";
const SRC = "workers/consumer/src";
const QUEUE_TESTS = "workers/consumer/test/queue";
const WORLD = "test/world";

/** Purges and removals: what is swept from R2 and from the edge's caches, and what a restore holds back. */
export const PURGES: readonly Mutation[] = [
  ...at({ file: `${ROOM}/cache-calls.ts`, tests: [`${ROOM}/cache-purges.test.ts`] }, [
    breaks("P22", "an eviction forgets how many calls were made", {
      find: "{ ...state, tokens: tokens.held, last:",
      replace: "{ ...state, last:",
    }),
    breaks("P22", "runs of purges leave no call for a removal", {
      find: "[0, 2, 6] as const",
      replace: "[0, 0, 0] as const",
    }),
  ]),
  ...at({ file: `${ROOM}/cache-purges.ts`, tests: [`${ROOM}/cache-purges.test.ts`] }, [
    breaks("P22", "a replaced variant lives on at the edge", {
      find: "if (floor > tx.images.get(id).purged) outdateCopies(tx, id, REPLACED);",
      replace: "void floor;",
    }),
    breaks("P22", "each variant that is made after a purge costs a call", {
      find: "floor > tx.images.get(id).purged",
      replace: "floor > 0",
    }),
    breaks("P22", "copies from before the setting was off stay", {
      find: "  if (isOn) outdateEverything(tx);\n",
      replace: "",
    }),
    breaks("P22", "a refused call is made again at once", {
      find: "pausedUntil: tx.now + backoff(failed, PAUSE)",
      replace: "pausedUntil: 0",
      tests: [`${ROOM}/cache-purges.test.ts`, `${SRC}/ledger/tell-edge.test.ts`],
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
    breaks("P22", "a doctor that dies after its delete leaves the edge's copies", {
      find: "    copiesGo(tx, id, until);\n",
      replace: "",
      tests: [`${ROOM}/cache-purges.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/removal-record.ts`, tests: [`${SRC}/api/removal.test.ts`] }, [
    breaks("P20", "a receipt is complete while data centres may have copies", {
      find: "Math.max(removal.at + SETTLED_MS, until)",
      replace: "removal.at + SETTLED_MS",
    }),
    breaks("P20", "an object that was put again under its name is not in the receipt", {
      find: "one.name === name && one.uploadedAt === uploadedAt",
      replace: "one.name === name",
      tests: [`${WORLD}/removal.test.ts`],
    }),
    breaks("P22", "a removal's receipt is complete before the cache has taken the purge", {
      find: "!isEdgeCacheOn(tx)) return deleted &&",
      replace: "deleted > 0) return deleted &&",
      tests: [`${ROOM}/cache-ends.test.ts`],
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
    breaks("P22", "copies that a restored ledger knows nothing of stay", {
      find: "  edgeCacheRestored(tx);\n",
      replace: "",
      tests: [`${ROOM}/cache-purges.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/sweeps.ts`, tests: [`${ROOM}/purge.test.ts`] }, [
    breaks("P1", "a job of an image that is unlocked waits as long as the lock would have lasted", {
      find: "  tx.memory.orders.unlocked();\n",
      replace: "",
      tests: [`${QUEUE_TESTS}/orders-protocol.test.ts`],
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
      tests: [`${SRC}/api/removal.test.ts`],
    }),
    breaks("P22", "a purge's end makes no call due", {
      find: "  objectsSwept(tx, sweep.image);\n",
      replace: "",
      tests: [`${WORLD}/workers-cache.test.ts`],
    }),
    breaks("P22", "a purge deletes the objects and leaves the edge's copies", {
      find: "  objectsSwept(tx, sweep.image);\n",
      replace: "",
      tests: [`${ROOM}/cache-purges.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/tables/cache-purges.ts`, tests: [`${ROOM}/cache-purges.test.ts`] }, [
    breaks("P22", "a call is not repeated for what was on its way into the cache", {
      find: "WHERE call = ?1 AND taken >= at + ?2 RETURNING",
      replace: "WHERE call = ?1 AND taken + ?2 >= at RETURNING",
      tests: [`${WORLD}/workers-cache.test.ts`],
    }),
    breaks("P22", "an answer that read R2 before the purge enters the cache after it for 30 days", {
      find: "WHERE call = ?1 AND taken >= at + ?2 RETURNING",
      replace: "WHERE call = ?1 AND taken >= at + ?2 * 0 RETURNING",
    }),
    breaks("P22", "a call that was taken before an object went counts for it", {
      find: "due = min(due, ?5), call = NULL",
      replace: "due = min(due, ?5)",
    }),
    breaks("P22", "a purge is lost with the edge that took its call", {
      find: "SET call = ?1, taken = ?2, due = ?3 WHERE",
      replace: "SET call = ?1, taken = ?2, due = ?3 * 1000 WHERE",
    }),
    breaks("P22", "a removal waits behind a run of purges", {
      find: "WHERE due <= ? ORDER BY rank, since LIMIT ?",
      replace: "WHERE due <= ? ORDER BY since LIMIT ?",
    }),
  ]),
];
