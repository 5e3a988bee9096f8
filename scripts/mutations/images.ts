import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/images";
const QUEUE_TESTS = "workers/consumer/test/queue";
const WORLD = "test/world";

/** Images in the ledger: misses, views, new originals, and focal points. */
export const IMAGES: readonly Mutation[] = [
  ...at({ file: `${ROOM}/accept-images.ts`, tests: [`${ROOM}/new-original.test.ts`] }, [
    breaks("P16", "a new original that is told at intake makes nothing anew", {
      find: "    newOriginal(tx, { id: encoded, order, etag }, lane);\n",
      replace: "",
    }),
    breaks("P16", "a new etag makes nothing anew", {
      find: 'newOriginal(tx, { id: encoded, order: known ?? "", etag }, lane);',
      replace: "",
    }),
    breaks("P20", "warming a removed image says nothing of the removal", {
      find: "if (removed.length === 0) return answer;",
      replace: "if (removed.length >= 0) return answer;",
      tests: ["workers/consumer/src/api/removal.test.ts"],
    }),
    breaks("P20", "a hook or a run makes a removed image again", {
      find: "ids.has(id) || ",
      replace: "",
      tests: [`${WORLD}/removal.test.ts`],
      histories: { rule: "acceptsremoved", favourites: ["remove", "accept"] },
    }),
  ]),
  ...at({ file: `${ROOM}/announced.ts`, tests: [`${ROOM}/announced.test.ts`] }, [
    breaks("P18", "a job of any version counts as announced", {
      find: "announced > 0 && version === versionOfKey(keyOfJob(job))",
      replace: "announced > 0",
      tests: [`${ROOM}/announced.test.ts`, `${WORLD}/announced-version.test.ts`],
    }),
    breaks("P17", "each upload writes a row of its image, though it names no version", {
      find: "v === null && image.ordering === null && image.etag === null",
      replace: "v === null && image.ordering !== null",
    }),
  ]),
  ...at({ file: `${ROOM}/focal.ts`, tests: [`${ROOM}/focal.test.ts`] }, [
    breaks("L2", "a new point makes every waiting variant anew", {
      find: "isCropByFocal(keyOfJob(row))),\n  );",
      replace: 'row.part !== ""),\n  );',
    }),
    breaks("L2", "a crop whose job goes by the older point is taken as it is", {
      find: "isCropByFocal(keyOfJob(row))),\n  );",
      replace: 'row.part === ""),\n  );',
      histories: { rule: "keptcrop", favourites: ["focal", "accept"] },
    }),
    breaks("L2", "a new point looks for no stored crops", {
      find: `  beginSweep(tx, { seq: image.focalFloor, image: id, kind: "recrop", fence: image.focalFloor, lane });
`,
      replace: "",
      histories: { rule: "nocropsweep", favourites: ["focal", "accept"] },
    }),
    breaks("L2", "the same point, told again, makes crops anew", {
      find: "image.removed || String(image.focal) === String(focal)",
      replace: "image.removed",
    }),
    breaks("L2", "handlers are not told the point", {
      find: "    if (focal !== null) focals[job.id] = focal;\n",
      replace: "",
      histories: { rule: "nopoint", favourites: ["focal", "accept"] },
    }),
    breaks("P20", "a focal point is kept of a removed image", {
      find: "image.removed || String(",
      replace: "String(",
      tests: [`${WORLD}/removal.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/image-tx.ts`, tests: [`${ROOM}/focal.test.ts`] }, [
    breaks("L2", "a crop of the older point counts as stored", {
      find: "focalFloor > floor && isCropByFocal(keyOfJob(job)) ? focalFloor : floor",
      replace: "focalFloor > floor && isCropByFocal(keyOfJob(job)) ? floor : floor",
      histories: { rule: "oldcrop", favourites: ["focal", "accept"] },
    }),
    breaks("P20", "views order a removed image, and its jobs are handed out", {
      find: "removed ? FOR_EVER : lock",
      replace: "lock",
      tests: [`${WORLD}/removal.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/misses.ts`, tests: [`${ROOM}/misses.test.ts`] }, [
    breaks("P6", "a suspect that viewers ask for is given beside others", {
      find: "if (isFree && !isSuspicious) claims.add",
      replace: "if (isFree) claims.add",
      tests: [`${QUEUE_TESTS}/hand-out.test.ts`],
    }),
    breaks("P8", "an id that nobody has seen takes a row, a slot and a token", {
      find: "miss.unknown === true && !isKnown(tx, miss)",
      replace: "Math.random() > 2",
    }),
    breaks("P8", "unsigned misses bring any number of versions", {
      find: "return versions.includes(version) || versions.length < tx.site.limits.versionsPerImageDay;",
      replace: "return true;",
    }),
    breaks("P9", "a viewer does not raise a waiting row's lane", {
      find: "    raise(tx, row, LIVE);\n",
      replace: "",
      tests: [`${QUEUE_TESTS}/exchange.test.ts`],
    }),
    breaks("P11", "a view of a missing object is no reason to look", {
      find: 'if ((tx.imageMemory.stored.at(miss) ?? -1) >= miss.at) return "rejected";',
      replace: 'if (tx.imageMemory.stored.at(miss) !== null) return "rejected";',
      tests: [`${QUEUE_TESTS}/exchange.test.ts`],
    }),
    breaks("F3", "an unknown id becomes a row before it was looked at", {
      find: "miss.unknown === true && !isKnown(tx, miss)",
      replace: "miss.unknown === undefined && !isKnown(tx, miss)",
    }),
    breaks("F4", "viewers bring any number of versions", {
      find: 'if (!mayBringVersion(tx, miss)) return "rejected";',
      replace: 'if (miss.key === "" && !mayBringVersion(tx, miss)) return "rejected";',
    }),
    breaks("F4", "viewers order more than they may have today", {
      find: "return open < left || open - urgentAdmitted(tx) < left;",
      replace: "return left > 0;",
      tests: [`${QUEUE_TESTS}/starvation.test.ts`],
    }),
    breaks("F4", "edges stop shedding when the ledger is evicted", {
      find: '  putDoc(sql, "shed", JSON.stringify(shed));\n',
      replace: "",
    }),
    breaks("F4", "edges never shed", {
      find: "shed.until = now + backoff(shed.times, { first: firstMs, longest: longestMs });",
      replace: "shed.until = now + 0 * backoff(shed.times, { first: firstMs, longest: longestMs });",
    }),
    breaks("F4", "edges shed no longer when it happens again", {
      find: "now - shed.until > forgetMs ? 1 : shed.times + 1",
      replace: "now - shed.until > forgetMs ? 1 : 1",
    }),
    breaks("P16", "what viewers ask for is handed out while a restored ledger holds back", {
      find: "  if (isClosedForAll(tx.gateNow)) return;\n",
      replace: "",
      tests: [`${QUEUE_TESTS}/restored.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/new-original.ts`, tests: [`${ROOM}/new-original.test.ts`] }, [
    breaks("P16", "a new original leaves what is under way as it is", {
      find: "    newGeneration(tx, row);\n",
      replace: "",
      tests: [`${ROOM}/new-original.test.ts`, "workers/consumer/test/promises/replaced-under-lease.test.ts"],
    }),
    breaks("P16", "a new original looks for nothing in R2", {
      find: `  beginSweep(tx, { seq: image.floor, image: original.id, kind: "remake", fence: image.floor, lane });
`,
      replace: "",
      histories: { rule: "norenew", favourites: ["replace", "accept"] },
    }),
    breaks("P16", "what failed of the older original waits on when a new one comes", {
      find: "    if (row.state === WAITING) row.due = tx.now;\n    else",
      replace: "    if (row.state !== WAITING)",
    }),
    breaks("P1", "a new original leaves a job that nobody cancels any more open for ever", {
      find: "    else cancelJob(tx, row.id);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/opaque-pngs.ts`, tests: ["workers/consumer/src/making/finish-job.test.ts"] }, [
    breaks("P20", "a removed image has a JPEG made", { find: "isLocked(tx, key) || ", replace: "" }),
    breaks("P17", "each WebP has the JPEG made once more", { find: " || row.gen > gen", replace: "" }),
  ]),
  ...at({ file: `${ROOM}/outcomes.ts`, tests: [`${QUEUE_TESTS}/settle.test.ts`] }, [
    breaks("P2", "after a POST without an answer the queue takes a new key", {
      find: 'generation: "same"',
      replace: 'generation: "new"',
    }),
    breaks("P16", "whatever lies in R2 is of the job's own generation", {
      find: ", gen: outcome.objectGen,",
      replace: ",",
    }),
    breaks("P16", "a job from before a restore counts whatever its original was", {
      find: ", gen: null,",
      replace: ",",
      tests: [`${QUEUE_TESTS}/restored.test.ts`],
    }),
    breaks("P8", "what is given back without a POST keeps its slot", {
      find: 'external: "none", until: null',
      replace: 'external: "open", until: null',
    }),
    breaks("P17", "jobs are made for a project that keeps all results private", {
      find: 'unfetched.code === "output_private"',
      replace: "false",
      tests: [`${QUEUE_TESTS}/unfetched.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/staging.ts`, tests: ["workers/consumer/src/making/stager.test.ts"] }, [
    breaks("P16", "a new original is made from the bytes of the one before", {
      find: "const changed = Math.max(floor, forced, tx.memory.meta.restored);",
      replace: "const changed = Math.max(floor * 0, forced, tx.memory.meta.restored);",
    }),
    breaks("P16", "an order to make the image anew gets the bytes from before", {
      find: "const changed = Math.max(floor, forced, tx.memory.meta.restored);",
      replace: "const changed = Math.max(floor, forced * 0, tx.memory.meta.restored);",
    }),
    breaks("P17", "a job that is alone in its version stages its original", {
      find: " && versionOf(other) === v;",
      replace: " && v !== undefined;",
    }),
    breaks("P16", "jobs that wait for half a day get bytes that end before them", {
      find: "return first + Math.max(0, periods) * PERIOD_US;",
      replace: "return first + Math.min(0, periods) * PERIOD_US;",
    }),
    breaks("P17", "the jobs of one order are made from as many reads", {
      find: "stagings[id] = { number, shared: others.length > 0, elsewhere };",
      replace: "stagings[id] = { number: number + id, shared: others.length > 0, elsewhere };",
    }),
  ]),
  ...at({ file: `${ROOM}/tables/images.ts`, tests: [`${ROOM}/misses.test.ts`] }, [
    breaks("P8", "an eviction begins an image's day anew", {
      find: "if (!isSame(viewsOf(image), viewsOf(before))) putViews(this.#sql, image);",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/viewed.ts`, tests: [`${ROOM}/misses.test.ts`] }, [
    breaks("F4", "an image may be ordered from without end", {
      find: "views: orders + 1",
      replace: "views: orders",
    }),
    breaks("F4", "an image that was ordered from yesterday is still limited by that", {
      find: "viewedOn !== dayOf(tx.now)",
      replace: "viewedOn === 0",
    }),
  ]),
];
