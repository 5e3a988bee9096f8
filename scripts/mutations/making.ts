import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/making";
const WORLD = "test/world";

/** Making a variant, from the batch of messages to the put. */
export const MAKING: readonly Mutation[] = [
  ...at({ file: `${ROOM}/batch-context.ts`, tests: [`${ROOM}/work.test.ts`] }, [
    breaks("P16", "I5: POST and put without 30 s of lease", {
      find: "return leaseUntil - clock.now() >= LEASE_MIN_LEFT_MS;",
      replace: "return true;",
    }),
  ]),
  ...at({ file: `${ROOM}/consume-batch.ts`, tests: [`${ROOM}/consume-batch.test.ts`] }, [
    breaks("P1", "a miss is acked that the ledger did not hear", {
      find: "else message.retry({ delaySeconds: backoff(message.attempts, { first: 10, longest: 300 }) });",
      replace: "else message.ack();",
    }),
    breaks("P6", "an unreadable message fails its batch", {
      find: "reading.dead.push(deadMessage(batch.queue, message, reason));",
      replace: "throw new Error(reason);",
    }),
    breaks("N5", "a batch of misses waits for slow origins", {
      find: 'return role === "urgent" ? Promise.race([through, sleep(LIVE_BATCH_MS).then(() => false)]) : through;',
      replace: "return through;",
      tests: [`${WORLD}/strangers/busy-machine.test.ts`, `${ROOM}/consume-batch.test.ts`],
    }),
    breaks("N5", "looks come in the order of messages", {
      find: "(a.nth ?? 0) - (b.nth ?? 0)",
      replace: "a.at - b.at",
      tests: [`${ROOM}/check-existence.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/create-context.ts`, tests: [`${ROOM}/submit-job.test.ts`] }, [
    breaks("N5", "each refused variant writes the image's marker", {
      find: "known.get(image) ?? connections.run(() => markRefused",
      replace: "connections.run(() => markRefused",
    }),
  ]),
  ...at({ file: `${ROOM}/finish-job.ts`, tests: [`${ROOM}/finish-job.test.ts`] }, [
    breaks("P10", "a handler that was told to stop puts all the same", {
      find: 'if (claim.isDropped || claim.isStopped) return "stopped";',
      replace: 'if (claim.isDropped) return "stopped";',
      tests: [`${ROOM}/work.test.ts`],
    }),
    breaks("P16", "a put is made under the last seconds of a lease", {
      find: "if (!mayWrite(context)) return null;",
      replace: "if (context.leaseUntil === 0) return null;",
      tests: [`${ROOM}/work.test.ts`],
    }),
    breaks("P17", "a page in place of a result is taken for what the engine made", {
      find: "  if (isPicture)\n",
      replace: "  if (isPicture !== null)\n",
      tests: [`${ROOM}/finish-job.test.ts`, `${WORLD}/failing-results.test.ts`],
    }),
    breaks("P17", "a result that cannot be fetched is given up at once", {
      find: "if (missing >= RESULT_WITHIN_MS)",
      replace: "if (missing >= 0)",
      tests: [`${ROOM}/finish-job.test.ts`, `${WORLD}/failing-results.test.ts`],
    }),
    breaks("P14", "the error of a job may quote what was signed", {
      find: "return [own ?? null, staged ?? null].flatMap(secretsOf);",
      replace: "return [own ?? null, staged ?? null].slice(2).flatMap(secretsOf);",
      tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
    }),
    breaks("P14", "the error of a job may quote the address of staged bytes", {
      find: "return [own ?? null, staged ?? null]",
      replace: "return [own ?? null, staged && null]",
      tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
    }),
    breaks("P14", "results are stored with the position and the author in them", {
      find: "labels === null ? stripped.bytes",
      replace: "labels === null ? body.bytes",
    }),
    breaks("P14", "a variant says what another original says", {
      find: 'original.kind !== "image" || original.etag !== etag',
      replace: 'original.kind !== "image"',
      tests: [`${ROOM}/labels.test.ts`],
    }),
    breaks("P16", "a job from before a restore is stored whatever became of its original", {
      find: "(etag !== null && etag === prepared.original.etag)",
      replace: "etag === (made?.etag ?? null)",
      tests: [`${ROOM}/finish-job.test.ts`, `${WORLD}/restore.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/held-claims.ts`, tests: [`${ROOM}/work.test.ts`] }, [
    breaks("P2", "a handler does not report the id of its job again", {
      find: 'if (job !== null && phase === "watch") this.#news',
      replace: 'if (job === null && phase === "watch") this.#news',
    }),
    breaks("P17", "an image is noted again with each of its variants", {
      find: "this.#pending.takeNotes(all ?",
      replace: "this.#pending.takeNotes(all || this.size >= 0 ?",
    }),
  ]),
  ...at({ file: `${ROOM}/check-existence.ts`, tests: [`${ROOM}/check-existence.test.ts`] }, [
    breaks("N5", "a marker is written for each made-up id", {
      find: "missing.size >= MISSING_MARKED && ",
      replace: "missing.size < 0 && ",
      tests: [`${WORLD}/strangers/busy-machine.test.ts`, `${ROOM}/check-existence.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/opaque-picture.ts`, tests: [`${ROOM}/finish-job.test.ts`] }, [
    breaks("L3", "of a picture without a WebP a JPEG is made as JPEG", {
      find: "if (widest === undefined) return 0;",
      replace: "if (widest === undefined) return Number.POSITIVE_INFINITY;",
    }),
    breaks("L3", "the WebP of another original speaks", {
      find: " || made?.sourceEtag !== etag",
      replace: " || made === null",
    }),
    breaks("L3", "a WebP speaks that is too small to show a spot", {
      find: "return widthOf(claim.transform) <= (await opaqueUpTo(context, claim, found));",
      replace: "return (await opaqueUpTo(context, claim, found)) > 0;",
    }),
    breaks("L3", "a WebP that is stored after the PNG says nothing", {
      find: 'if (format === "webp") return transform.height === null && !mayBeTransparent(bytes);',
      replace: 'if (format === "webp") return false;',
    }),
  ]),
  ...at({ file: `${ROOM}/original-copy.ts`, tests: [`${ROOM}/original-copy.test.ts`] }, [
    breaks("P17", "the original's own picture is read from its origin although it is staged", {
      find: "(await readCopy(context, image, bytes)) ?? ",
      replace: "",
    }),
    breaks("P19", "a hidden original is shown", { find: "!isPublic || ", replace: "" }),
    breaks("P19", "a turned original is stored as it lies", { find: " || header.orientation !== 1", replace: "" }),
    breaks("P19", "a large original is shown for a narrow variant", {
      find: " || (transform.width !== null && transform.width < info.width)",
      replace: "",
    }),
    breaks("P19", "another original's bytes are stored", { find: " || start.etag !== etag", replace: "" }),
    breaks("P19", "an original keeps its metadata", {
      find: "labels === null ? stripped.bytes",
      replace: "labels === null ? start.bytes",
    }),
  ]),
  ...at({ file: `${ROOM}/prepare.ts`, tests: [`${ROOM}/submit-job.test.ts`] }, [
    breaks("P16", "a handler takes any object for present", {
      find: "stored !== null && stored.gen >= floor",
      replace: "stored !== null && stored.gen >= 0",
      histories: { rule: "nofloor" },
    }),
    breaks("P17", "R2 and the original are looked at again before the POST", {
      find: "claim.prepared ??= look(",
      replace: "claim.prepared = look(",
      tests: [`${ROOM}/work.test.ts`],
    }),
    breaks("P19", "what objects say is read each time that they are found", {
      find: "    claim.smaller = stored?.smaller ?? [];\n",
      replace: "",
      tests: [`${ROOM}/smaller-formats.test.ts`],
    }),
    breaks("P17", "what the edge has just looked for is looked for again", {
      find: "isSeenAbsent(context, key)",
      replace: "false",
      tests: [`${ROOM}/consume-miss.test.ts`],
    }),
    breaks("P17", "what the edge has seen is believed for ever", {
      find: "clock.now() - at < ABSENT_MS",
      replace: "clock.now() >= at",
      tests: [`${ROOM}/consume-miss.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/same-variant.ts`, tests: [`${WORLD}/same-picture.test.ts`] }, [
    breaks("P17", "each width from a small original's own up costs a job", {
      find: "!context.held.holds(key)",
      replace: "context.held.holds(key)",
    }),
  ]),
  ...at({ file: `${ROOM}/submit-job.ts`, tests: [`${ROOM}/submit-job.test.ts`] }, [
    breaks("P2", "a POST is sent under the last seconds of a lease", {
      find: "if (!mayWrite(context)) {",
      replace: "if (context.leaseUntil === 0) {",
      tests: [`${ROOM}/work.test.ts`],
    }),
    breaks("P5", "after a 429 the handler goes on with its other POSTs", {
      find: "  context.held.returnUnposted();\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/prepare.ts`, tests: [`${ROOM}/stager.test.ts`] }, [
    breaks("P9", "a viewer waits for the copy of an original", {
      find: "await Promise.race([copied, claim.urgent.promise]);",
      replace: "await copied;",
    }),
    breaks("P9", "a viewer's job looks for a copy of its original", {
      find: "  if (staging === null || name === null || assignment.urgent) return own();\n",
      replace:
        "  if (staging === null || name === null) return (await context.stager.original({ id: image, v: null, number: 1 }, ONLY_LOOK, rank)) ?? own();\n",
    }),
    breaks("P16", "a job that has failed may be made of another original than the jobs before it", {
      find: 'return again.kind === "image" && again.etag === staged.etag ? again : staged;',
      replace: 'return again.kind === "image" ? again : staged;',
    }),
  ]),
  ...at({ file: `${ROOM}/stager.ts`, tests: [`${ROOM}/stager.test.ts`] }, [
    breaks("P17", "handlers that begin at once each read the original", {
      find: "elsewhere ? await waitForOther(deps, name) : null",
      replace: "elsewhere && deps.clock.now() < 0 ? await waitForOther(deps, name) : null",
    }),
    breaks("P17", "why an original is not staged is not noted", {
      find: "await connections.run(() => noteUnstaged(images, name, result.why), { rank });",
      replace: "await connections.run(() => Promise.resolve(noteUnstaged !== undefined), { rank });",
    }),
    breaks("P5", "a slow origin is waited for without end", {
      find: "await Promise.race([copying, sleep(STAGE_MS).then(() => tooSlow)]);",
      replace: "await Promise.race([copying, sleep(STAGE_MS).then(() => copying)]);",
    }),
  ]),
  ...at({ file: `${ROOM}/pending-notes.ts`, tests: [`${ROOM}/submit-job.test.ts`] }, [
    breaks("P11", "the marker of a row that had failed stays", {
      find: "if (touched) this.#markerNames.add(deadKey(key));",
      replace: "",
    }),
  ]),
  ...at({ file: "workers/consumer/src/times.ts", tests: [`${ROOM}/consume-miss.test.ts`] }, [
    breaks("P9", "a viewer's handler goes on for longer than the platform lets it", {
      find: "const VIEWER_SHIFT_MS = 10_000;",
      replace: "const VIEWER_SHIFT_MS = 60_000;",
    }),
  ]),
  ...at({ file: `${ROOM}/work.ts`, tests: [`${ROOM}/work.test.ts`] }, [
    breaks("P6", "one job's mishap is everybody's", {
      find: 'await settle(context, claim, { kind: "fault", failure });',
      replace: "throw error;",
    }),
    breaks("P11", "a handler does not number its calls, so that a late copy of one counts as new", {
      find: "seq: counts.exchanges,",
      replace: "",
    }),
    breaks("N5", "a handler that only looks calls the ledger all the time", {
      find: "const isMute = this.draining && held.isEmpty;",
      replace: "const isMute = this.draining && held.isEmpty && again < 0;",
      tests: [`${ROOM}/check-existence.test.ts`],
    }),
  ]),
];
