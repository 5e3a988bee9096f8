import type { Mutation } from "./promises.ts";

const STORE = "workers/consumer/src/store";
const MAKING = "workers/consumer/src/making";
const POLLER = "workers/consumer/src/ittybit/poller";
const DOCTOR = "workers/consumer/src/doctor";
const INFO = [`${STORE}/info.test.ts`];
const LOOK_UP = [`${STORE}/look-up.test.ts`];
const SUBMIT = [`${MAKING}/submit-job.test.ts`];
const CRASH = ["test/world/crash/crash-points.test.ts"];

const of = (
  promise: string,
  breaks: string,
  [file, find, replace]: [string, string, string],
  tests: readonly string[],
): Mutation => ({ promise, breaks, file, find, replace, tests });

/* Notes without a read, variants by lists, markers that are there (decision 103). */
export const LEAN_DRAIN: Mutation[] = [
  of(
    "P17",
    "what the edge has just looked for is looked for again",
    [`${MAKING}/prepare.ts`, "context.lookUp.isMissed(key)", "false"],
    [`${MAKING}/consume-miss.test.ts`],
  ),
  of(
    "P17",
    "what the edge has seen is believed for ever",
    [
      `${STORE}/look-up.ts`,
      "?? Number.NEGATIVE_INFINITY) < FRESH_MS",
      "?? Number.NEGATIVE_INFINITY) < Number.MAX_VALUE",
    ],
    LOOK_UP,
  ),
  of(
    "P17",
    "a handler that leaves within seconds has a row",
    ["packages/durable-queue/src/schema/claims.ts", "if (brief) continue;", ""],
    ["packages/durable-queue/test/claims.test.ts"],
  ),
  of(
    "P17",
    "the note of a new image is read before it is put",
    [`${STORE}/info.ts`, "(tries === 0 ? assumed(deps, id, variants) : null) ?? ", ""],
    [`${MAKING}/smaller-formats.test.ts`],
  ),
  of(
    "P17",
    "the original is looked at again for the note",
    [`${STORE}/info.ts`, "lookOf(variants, made) ?? ", ""],
    INFO,
  ),
  of(
    "P17",
    "the image of each variant that a worker is told of is read alone",
    [
      "packages/durable-queue/src/claims/exchange.ts",
      "  tx.loadGroups(told.map(({ row }) => groupOf(row.key)));\n",
      "",
    ],
    ["workers/consumer/test/queue/exchange.test.ts"],
  ),
  of("P11", "a note that was not read takes another's place", [`${STORE}/info.ts`, "    onlyIf,\n", ""], INFO),
  of(
    "P11",
    "a note that this handler remembers counts as written though it is gone",
    [`${STORE}/info.ts`, "if (isKnown && !before.isRead) continue;", ""],
    INFO,
  ),
  of(
    "P16",
    "this handler's older generation takes the place of the same note of a newer one",
    [`${STORE}/info.ts`, "condition: ifNotPutAgain(put)", "condition: ifUnchanged(put.etag)"],
    INFO,
  ),
  of(
    "P17",
    "variants are read one by one",
    [`${STORE}/look-up.ts`, "this.#since < LIST_FROM", "this.#since > 0"],
    LOOK_UP,
  ),
  of(
    "P17",
    "what a short page did not reach is read one by one from then on",
    [`${STORE}/look-up.ts`, "    this.#since += 1;\n", "    this.#since = this.#wanted.length;\n"],
    LOOK_UP,
  ),
  of("P17", "variants are listed each time", [`${STORE}/look-up.ts`, "    this.#since = 0;\n", ""], LOOK_UP),
  of(
    "P11",
    "a list is believed for ever",
    [`${STORE}/look-up.ts`, "this.#deps.clock.now() - range.at >= FRESH_MS || ", ""],
    LOOK_UP,
  ),
  of(
    "P11",
    "what an older list showed counts as there",
    [`${STORE}/look-up.ts`, "range.objects.has(key) || ", ""],
    LOOK_UP,
  ),
  of("P2", "a handler forgets what it has stored", [`${STORE}/look-up.ts`, "this.#stored.add(key);", ""], LOOK_UP),
  of(
    "P17",
    "markers are deleted that are not there",
    [
      `${STORE}/markers.ts`,
      "return names.filter((_, n) => are[n]);",
      "return names.filter((_, n) => are[n] !== undefined);",
    ],
    SUBMIT,
  ),
  of(
    "P11",
    "the marker of a row that had failed stays",
    [`${MAKING}/untold.ts`, "if (touched) this.#suspects.add(deadKey(key));", ""],
    SUBMIT,
  ),
  of(
    "P17",
    "a page's place in the list is forgotten",
    [`${POLLER}/open-job-memory.ts`, "else if (!place.isExact) Object.assign(place, shown);", ""],
    [`${POLLER}/open-job-memory.test.ts`],
  ),
  of(
    "P17",
    "places that two pages have shown stand in another order once POSTs take longer",
    [`${POLLER}/open-job-memory.ts`, "if (place.isExact) place.at = place.createdAt - place.by.laterMs;", ""],
    [`${POLLER}/open-job-memory.test.ts`, "workers/consumer/test/promises/few-calls.test.ts"],
  ),
  of(
    "P17",
    "a jump of Ittybit's clock takes old jobs along",
    [
      `${POLLER}/open-job-memory.ts`,
      "this.#clock = { laterMs: ms };",
      "this.#clock = Object.assign(this.#clock ?? {}, { laterMs: ms });",
    ],
    [`${POLLER}/open-job-memory.test.ts`],
  ),
  of(
    "P17",
    "when Ittybit made a job is not told, so its place is guessed",
    [`${MAKING}/submit-job.ts`, "{ job: id, createdAt };", "{ job: id, createdAt: null };"],
    SUBMIT,
  ),
  of(
    "P17",
    "when Ittybit made a job is told and forgotten",
    ["packages/durable-queue/src/claims/note-job.ts", "claim.createdAt = createdAt;", ""],
    ["workers/consumer/test/queue/exchange.test.ts"],
  ),
  of(
    "P17",
    "a place is guessed though it is told when Ittybit made the job",
    [`${POLLER}/open-job-memory.ts`, "...(this.#exact(createdAt) ??", "...(null ??"],
    [`${POLLER}/open-job-memory.test.ts`],
  ),
  of(
    "P17",
    "a job that is wrongly taken for the youngest hides those after it",
    [`${POLLER}/next-read.ts`, " && !shows.some(isMissed)", ""],
    [`${POLLER}/next-read.test.ts`],
  ),
  of(
    "P17",
    "a burst wakes workers that come when its work is done",
    ["packages/durable-queue/src/claims/pace.ts", "Math.min(wanted - came, atOnce)", "wanted - came"],
    ["workers/consumer/test/queue/pace.test.ts"],
  ),
  of(
    "P17",
    "the last few jobs of a page that have surely ended wait for seconds",
    [`${POLLER}/job-times.ts`, "(isLast ? LAST_READ : 1) * ", ""],
    [`${POLLER}/job-times.test.ts`],
  ),
  of(
    "P17",
    "a worker takes slots for POSTs that wait for its connections, while other workers have free ones",
    ["packages/durable-queue/src/claims/hand-out.ts", "? GO_MAX : GO_FEW;", "? GO_MAX : GO_MAX;"],
    ["workers/consumer/test/queue/pace.test.ts"],
  ),
  of(
    "P17",
    "workers that came together call together",
    [
      "packages/durable-queue/src/claims/pace.ts",
      "if (work.liveMs !== null || pace < PACE_MS.to) return pace;",
      "if (work.liveMs !== undefined || pace < PACE_MS.to) return pace;",
    ],
    ["workers/consumer/test/queue/pace.test.ts"],
  ),
  of(
    "P9",
    "a viewer's job is polled a moment before it can have ended",
    [`${POLLER}/open-job-memory.ts`, "one.live && one.heardAt > 0 ? one.heardAt : one.admittedAt", "one.admittedAt"],
    [`${POLLER}/open-job-memory.test.ts`],
  ),
  of(
    "P17",
    "the oldest page is read first, whatever has waited elsewhere",
    [`${POLLER}/next-read.ts`, "best === null || ms > best.ms", "best === null"],
    [`${POLLER}/next-read.test.ts`],
  ),
  of(
    "P9",
    "a page is read only when the last ones have all been read",
    [`${POLLER}/job-polls.ts`, "while (this.#reads.size < AT_ONCE) {", "while (this.#beingRead.size === 0) {"],
    [`${POLLER}/poller.test.ts`],
  ),
  of(
    "P9",
    "a job is looked for only once its id is told",
    [
      `${POLLER}/job-search.ts`,
      "this.#deps.view.unnamed();",
      "new Set(this.#deps.view.unreported().map(({ gen }) => gen));",
    ],
    [`${POLLER}/poller.test.ts`],
  ),
  of(
    "P17",
    "the first short jobs wake workers for a rate that never comes",
    ["packages/durable-queue/src/admission/job-times.ts", "Math.max(learned, TYPICAL_MS)", "learned"],
    ["workers/consumer/test/queue/pace.test.ts"],
  ),
  of(
    "P11",
    "the doctor writes no note",
    [`${DOCTOR}/run-doctor.ts`, "  await note?.(unnotedOf(kept, known, at));\n", ""],
    CRASH,
  ),
  of(
    "P11",
    "a note of another handler hides what one that died has not noted",
    [`${DOCTOR}/unnoted.ts`, "isShort: found.length > listed", "isShort: found.length < 0 && listed > 0"],
    CRASH,
  ),
  of(
    "P8",
    "no alarm rings for a retry that is the only job left",
    ["packages/durable-queue/src/object/next-alarm.ts", "else if (due !== null && due > tx.now) times.push(due);", ""],
    ["packages/durable-queue/test/run-jobs.test.ts"],
  ),
  of(
    "P11",
    "all rows of a call go into one value, whatever its size",
    ["packages/durable-queue/src/schema/sql.ts", "from += ROWS_AT_ONCE", "from += rows.length"],
    ["workers/consumer/test/queue/accept.test.ts"],
  ),
];
