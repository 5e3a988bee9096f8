import type { Mutation } from "./promises.ts";

const IMAGES = "workers/consumer/src/images";
const TESTS = [`${IMAGES}/focal.test.ts`];

/** Each part of the rule of focal points, switched off. */
export const FOCAL: readonly Mutation[] = [
  {
    promise: "L2",
    breaks: "a crop keeps its centre wherever the point is",
    file: "packages/shared/src/focal.ts",
    find: "if (toCentre <= Math.min(toStart, toEnd)) return null;",
    replace: "if (toCentre <= Math.min(toStart, toEnd) || kept > 0) return null;",
    tests: ["packages/shared/src/focal.property.test.ts"],
  },
  {
    promise: "L2",
    breaks: "a crop keeps the other end",
    file: "packages/shared/src/focal.ts",
    find: 'return toStart < toEnd ? "left" : "right";',
    replace: 'return toStart > toEnd ? "left" : "right";',
    tests: ["packages/shared/src/focal.property.test.ts"],
  },
  {
    promise: "L2",
    breaks: "the point moves crops whose URL says what they keep",
    file: "packages/shared/src/focal.ts",
    find: 'return fit === "cover" && pos === null;',
    replace: 'return fit === "cover" && pos !== undefined;',
    tests: [...TESTS, "workers/consumer/src/ittybit/job-request.test.ts"],
  },
  {
    promise: "L2",
    breaks: "a crop of the older point counts as stored",
    file: `${IMAGES}/image-tx.ts`,
    find: "isCropByFocal(key) ? Math.max(floor, focalFloor) : floor",
    replace: "isCropByFocal(key) ? Math.max(floor, 0 * focalFloor) : floor",
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "a new point makes every waiting variant anew",
    file: `${IMAGES}/focal.ts`,
    find: "({ key }) => isCropByFocal(key)),\n  );",
    replace: '({ key }) => key !== ""),\n  );',
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "a new point makes every stored variant anew",
    file: `${IMAGES}/sweeps.ts`,
    find: '(kind === "remake" || isCropByFocal(key))',
    replace: '(kind !== "delete" || isCropByFocal(key))',
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "a new point looks for no stored crops",
    file: `${IMAGES}/focal.ts`,
    find: '  beginSweep(tx, { seq: image.focalFloor, image: id, kind: "recrop", fence: image.focalFloor, lane });\n',
    replace: "",
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "the same point, told again, makes crops anew",
    file: `${IMAGES}/focal.ts`,
    find: "  if (String(image.focal) === String(focal)) return false;\n",
    replace: "",
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "handlers are not told the point",
    file: `${IMAGES}/focal.ts`,
    find: "    if (focal !== null) focals[id] = focal;\n",
    replace: "",
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "points are forgotten after 90 days",
    file: "workers/consumer/src/ledger/tables/own-tables.ts",
    find: 'over: "x IS NULL"',
    replace: 'over: "x IS NULL OR 1"',
    tests: TESTS,
  },
  {
    promise: "L2",
    breaks: "a hook's item may have any point",
    file: "workers/consumer/src/hooks/hook-event.ts",
    find: "  if (focal === null && change.focal !== null) return rejected",
    replace: "  if (focal === null && change.focal === undefined) return rejected",
    tests: ["workers/consumer/src/hooks/mappers.test.ts"],
  },
];
