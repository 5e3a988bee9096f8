import type { Mutation } from "./promises.ts";

const IMAGES = "workers/consumer/src/images";
const WORLD = "test/world/removal.test.ts";

/* What keeps a removed image from coming back, and what its receipt rests on. */

export const REMOVALS: Mutation[] = [
  {
    promise: "P20",
    breaks: "a hook or a run makes a removed image again",
    file: `${IMAGES}/accept-images.ts`,
    find: "removed.has(encodeId(image.id)) || ",
    replace: "",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "views order a removed image, and its jobs are handed out",
    file: `${IMAGES}/image-tx.ts`,
    find: "removed ? Number.MAX_SAFE_INTEGER : lock",
    replace: "lock",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "the sweep of an earlier new original makes a removed image again",
    file: `${IMAGES}/sweeps.ts`,
    find: "  if (tx.images.get(image).removed) return;\n",
    replace: "",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "a restore brings a removed image back",
    file: `${IMAGES}/restored-images.ts`,
    find: "  askForBlocks(tx);\n",
    replace: "",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "a restored ledger hands out before it knows the blocks",
    file: "workers/consumer/src/ledger/follow-ups.ts",
    find: "const hold = transactions.write(holdForBlocks);",
    replace: "const hold = { until: 0, before: 0 };",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "the passes of a removal are those of a purge, and leave newer objects and the original",
    file: `${IMAGES}/sweeps.ts`,
    find: 'const removes = kind === "delete" && tx.images.get(image).removed;',
    replace: "const removes = false;",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "the receipt leaves out what a pass deletes",
    file: `${IMAGES}/sweeps.ts`,
    find: "  noteFound(tx, sweep.image, found);\n",
    replace: "",
    tests: [WORLD, "workers/consumer/src/api/removal.test.ts"],
  },
  {
    promise: "P20",
    breaks: "nobody looks 16 minutes after a removal",
    file: `${IMAGES}/sweeps.ts`,
    find: "sweep.pass === 1 ? tx.now + SETTLED_MS : checkAt",
    replace: "checkAt",
    tests: ["workers/consumer/src/api/removal.test.ts"],
  },
  {
    promise: "P20",
    breaks: "a receipt is complete while data centres may have copies",
    file: `${IMAGES}/removal-record.ts`,
    find: "Math.max(removal.at + SETTLED_MS, edgeUntil(removal, cacheSeconds) ?? 0)",
    replace: "removal.at + SETTLED_MS",
    tests: ["workers/consumer/src/api/removal.test.ts"],
  },
  {
    promise: "P20",
    breaks: "the doctor leaves what a hand has put of a removed image",
    file: `${IMAGES}/reconcile.ts`,
    find: "    if (image.removed) return true;\n",
    replace: "",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "a focal point is kept of a removed image",
    file: `${IMAGES}/focal.ts`,
    find: "image.removed || String(",
    replace: "String(",
    tests: [WORLD],
  },
  {
    promise: "P20",
    breaks: "a late handler writes a note over the block that the edge reads",
    file: "workers/consumer/src/store/info.ts",
    find: '    if (before === "removed") return;\n',
    replace:
      '    if (before === "removed") return void (await putInfo(images, id, {} as never, variants[0]?.made ?? ({} as never), null));\n',
    tests: ["workers/consumer/src/store/info.test.ts"],
  },
  {
    promise: "P20",
    breaks: "the original stays in its bucket",
    file: "workers/consumer/src/store/make-pass.ts",
    find: "  if (goesOn && own !== null) await deleteOriginal(own, goOn);\n",
    replace: "",
    tests: ["workers/consumer/src/store/make-pass.test.ts"],
  },
  {
    promise: "P20",
    breaks: "the edge redirects to the original of a removed image",
    file: "workers/edge/src/note.ts",
    find: 'object.customMetadata?.removed === undefined ? info : "removed"',
    replace: "info",
    tests: ["workers/edge/src/removed.test.ts"],
  },
];
