import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "workers/consumer/src";
const WORLD = "test/world";
const NOTES = [`${SRC}/doctor/wrong-notes.test.ts`];

/** The consumer's small rooms: configuration, intake, doctor, and what every room uses of the platform. */
export const CONSUMER: readonly Mutation[] = [
  ...at({ file: `${SRC}/config.ts`, tests: [`${SRC}/config.test.ts`] }, [
    breaks("F8", "tokens of one letter are taken", {
      find: 'env.LOCAL === "true" ? 1 : TOKEN_MIN_CHARS',
      replace: 'env.LOCAL === "true" ? 1 : 1',
    }),
  ]),
  ...at({ file: `${SRC}/doctor/run-doctor.ts`, tests: [`${SRC}/doctor/run-doctor.test.ts`] }, [
    breaks("P11", "the doctor unlocks an image while R2 still deletes, and loses R2's error", {
      find: "  await deleteVariants(bucket, answer.objects);",
      replace: "  void deleteVariants(bucket, answer.objects);",
    }),
    breaks("P11", "the doctor writes no note", {
      find: "if (order.fix) await mendNotes(wrong.slice(0, NOTES_MAX));",
      replace: "",
      tests: [`${SRC}/doctor/run-doctor.test.ts`, `${WORLD}/crash/crash-points.test.ts`],
    }),
    breaks("S4", "the doctor takes fifteen days for 22 million objects", {
      find: "slices: DOCTOR_SLICES_PER_MINUTE",
      replace: "slices: 1",
    }),
    breaks("S4", "the doctor lists the markers again for each slice", {
      find: "if (dead === null || (dead.to !== null && dead.to <= next)) dead",
      replace: "dead",
    }),
  ]),
  ...at({ file: `${SRC}/doctor/wrong-notes.ts`, tests: NOTES }, [
    breaks("P11", "a note of another handler hides what one that died has not noted", {
      find: "const isShort = own.length > listed && ",
      replace: "const isShort = own.length < 0 && ",
      tests: [...NOTES, `${WORLD}/crash/crash-points.test.ts`],
    }),
    breaks("P11", "a note goes on to tell of variants that are gone", {
      find: "const isLong = isChecked && ",
      replace: "const isLong = isChecked && listed < 0 && ",
    }),
    breaks("P11", "a note that gains a variant goes on to tell of one that is gone", {
      find: "const gone = isChecked ?",
      replace: "const gone = isLong ?",
    }),
    breaks("P11", "the end of a slice takes variants out of a note", { find: "isWhole(id, slice) && ", replace: "" }),
    breaks("P18", "an announcement that its handlers did not live to note is never noted", {
      find: "last.number > announced && ",
      replace: "last.number < 0 && ",
    }),
  ]),
  ...at({ file: `${SRC}/intake/plan-item.ts`, tests: [`${WORLD}/announced-version.test.ts`] }, [
    breaks("P18", "a list of variants, as coverage sends it, takes the note of its image", {
      find: "isAnnouncement(wanted) ? { announces: v } : {}",
      replace: "{ announces: v }",
    }),
  ]),
  ...at({ file: `${SRC}/intake/accept-stream.ts`, tests: [`${SRC}/hooks/receive-hook.test.ts`] }, [
    breaks("L6", "a delivery of one chunk leaves the edge's markers", {
      find: "    isFinished = finished === true;\n",
      replace: "    isFinished = finished === true;\n    if (isFinished) break;\n",
    }),
  ]),
  ...at({ file: `${SRC}/platform/request-body.ts`, tests: [`${SRC}/api/access/bodies.test.ts`] }, [
    breaks("N1", "a body that does not declare its length may have any", {
      find: "left -= value.byteLength;",
      replace: "left -= 0 * value.byteLength;",
    }),
    breaks("N1", "a body that declares too much is read up to its limit all the same", {
      find: "> maxBytes ? -1 : maxBytes",
      replace: "> maxBytes ? maxBytes : maxBytes",
    }),
  ]),
  ...at({ file: `${SRC}/platform/deliver-event.ts`, tests: [`${SRC}/platform/handle-event.test.ts`] }, [
    breaks("P13", "a handler's function that fails counts as delivered", {
      find: "return { status: 0, said: errorText(error, secrets) };",
      replace: "return { status: 200, said: errorText(error, secrets) };",
    }),
    breaks("P14", "the reason why a handler's function failed shows operators its secret", {
      find: "return { status: 0, said: errorText(error, secrets) };",
      replace: "return { status: 0, said: errorText(error) };",
    }),
  ]),
  ...at(
    {
      file: `${SRC}/platform/queue-message.ts`,
      tests: [`${SRC}/making/consume-batch.test.ts`, `${SRC}/making/dead-queue.test.ts`],
    },
    [
      breaks("P7", "a dead message's body is dropped", {
        find: "body: textOfBody(body), reason",
        replace: 'body: "", reason',
      }),
    ],
  ),
  ...at({ file: `${SRC}/platform/remote-keys.ts`, tests: [`${SRC}/api/access/access-jwt.test.ts`] }, [
    breaks("F14", "each junk token is a question for keys", {
      find: "if (this.#asked === null || nowMs - this.#asked.at >= KEYS_PAUSE_MS)",
      replace: "if (this.#asked === null || nowMs >= KEYS_PAUSE_MS)",
    }),
    breaks("F14", "old keys are believed for ever", {
      find: "if (this.#ageAt(nowMs) >= KEYS_MAX_AGE_MS)",
      replace: "if (this.#keys === null && KEYS_MAX_AGE_MS > 0)",
    }),
    breaks("L5", "unreachable keys are no proof", {
      find: 'throw new AppError("unavailable");',
      replace: "throw new errors.JWKSNoMatchingKey();",
      tests: [`${SRC}/hooks/verifiers/google-oidc.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/platform/signed-url.ts`, tests: [`${SRC}/ittybit/download.test.ts`] }, [
    breaks("P17", "signatures of GCS are not known", {
      find: 'const PREFIXES = ["x-amz-", "x-goog-"];',
      replace: 'const PREFIXES = ["x-amz-"];',
    }),
  ]),
];
