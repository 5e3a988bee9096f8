import { at, breaks, type Mutation } from "./mutation.ts";

const EDGE = "workers/edge/src";
const CONSUMER = "workers/consumer/src";
const EDGE_TESTS = [`${EDGE}/changes.test.ts`];
const LEDGER_TESTS = ["workers/consumer/test/queue/changes.test.ts"];

/** The changes: how edges know within a minute what is gone and what is old. */
export const CHANGES: readonly Mutation[] = [
  ...at({ file: "packages/shared/src/changes.ts", tests: EDGE_TESTS }, [
    breaks("P21", "an object that is older than a purge is shown", {
      find: '  if (gen < gone) return "gone";\n',
      replace: "",
    }),
    breaks("P21", "a copy that is older than a replacement is shown for as long as it lives", {
      find: 'gen < fence ? "old"',
      replace: 'gen < 0 ? "old"',
    }),
    breaks("P21", "what the ledger may have forgotten is not old", {
      find: "Math.max(changes.before, replaced,",
      replace: "Math.max(replaced,",
    }),
    breaks("P21", "a focal point makes every variant old", {
      find: "followsFocal(transform) ? recropped : 0",
      replace: "recropped",
    }),
    breaks("P21", "a focal point makes no crop old", { find: "followsFocal(transform) ? recropped : 0", replace: "0" }),
  ]),
  ...at({ file: `${EDGE}/hit/serve-variant.ts`, tests: EDGE_TESTS }, [
    breaks("P21", "any copy of an old object is shown", {
      find: '(standing === "old" && isOld)',
      replace: 'standing === "old"',
    }),
    breaks("P21", "an old object has no copy", { find: '(standing === "old" && isOld)', replace: "false" }),
    breaks("P21", "a new isolate that cannot read the changes trusts copies", {
      find: "changes.isRead && mayShow(",
      replace: "mayShow(",
    }),
    breaks("P21", "browsers keep for a year what the edge cannot judge", {
      find: "isFresh ? YEAR_SECONDS : OLD_COPY_SECONDS",
      replace: "isFresh || YEAR_SECONDS ? YEAR_SECONDS : OLD_COPY_SECONDS",
    }),
    breaks("P21", "R2 is read for a removed image", {
      find: "if (isRemoved(changes, id)) {",
      replace: "if (changes.before < 0) {",
    }),
  ]),
  ...at({ file: `${EDGE}/hit/variant.ts`, tests: EDGE_TESTS }, [
    breaks("P21", "the copy of an old object lives as long as any", {
      find: "variant.isOld ? OLD_COPY : `max-age=${COPY_SECONDS}`",
      replace: "`max-age=${COPY_SECONDS}`",
    }),
  ]),
  ...at({ file: `${EDGE}/hit/smaller.ts`, tests: EDGE_TESTS }, [
    breaks("P21", "a smaller format that is gone is shown", { find: 'standing !== "gone" && ', replace: "" }),
  ]),
  ...at({ file: `${EDGE}/changes.ts`, tests: EDGE_TESTS }, [
    breaks("P21", "an isolate keeps the changes for as long as it likes", {
      find: "mustWait = age >= heldMs",
      replace: "mustWait = age >= 8 * heldMs",
    }),
    breaks("P21", "a lost object takes back what it told", {
      find: "text === NO_CHANGES && held.isTold",
      replace: "text === NO_CHANGES && at < 0",
    }),
    breaks("P21", "a data centre keeps the changes for as long as it likes", {
      find: "Math.floor(heldMs / 1000)",
      replace: "Math.floor(heldMs / 100)",
    }),
    breaks("P21", "each request of an isolate that is not idle reads the changes", {
      find: "(mustWait || (age >= REFRESH_SHARE * heldMs && now >= turnUntil))",
      replace: "(mustWait || age >= 0)",
    }),
    breaks("P4", "changes that cannot be read break a view", {
      find: `    } catch (error) {
      failedUntil = clock.now() + TURN_MS;`,
      replace: `    } catch (error) {
      if (Number(error) !== 0) throw error;
      failedUntil = clock.now() + TURN_MS;`,
    }),
  ]),
  ...at({ file: `${EDGE}/note.ts`, tests: EDGE_TESTS }, [
    breaks("P21", "what was known of a purged image is told", {
      find: "genOf(object.customMetadata) < gone",
      replace: "false",
    }),
    breaks("P21", "what was known of a removed image is told", {
      find: '  if (removed) return "removed";\n',
      replace: "",
    }),
  ]),
  ...at({ file: `${EDGE}/originals.ts`, tests: EDGE_TESTS }, [
    breaks("P21", "a removed original is shown under a signed URL", {
      find: '  if (isRemoved(changes, id)) throw new AppError("removed");\n',
      replace: "",
    }),
    breaks("P14", "the address of a staged original opens others", {
      find: "  const asked = { request, url, edge, background };\n  await admit(asked, id);\n  const found",
      replace: "  const asked = { request, url, edge, background };\n  const found",
      tests: [`${EDGE}/originals.test.ts`],
    }),
  ]),
  ...at({ file: `${EDGE}/miss/pass-through.ts`, tests: EDGE_TESTS }, [
    breaks("P20", "a removed SVG is shown", {
      find: '  if ((await readInfo(context)) === "removed") return answerMiss({ context, original, known: "removed" });\n',
      replace: "",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/purge.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "edges hear of no purge", { find: "  noteChange(tx, id);\n", replace: "" }),
  ]),
  ...at({ file: `${CONSUMER}/images/new-original.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "edges hear of no new original", {
      find: "  noteChange(tx, original.id, rows.length === 0);\n",
      replace: "",
    }),
    breaks("P21", "edges forget a change while an older handler may put", {
      find: "rows.length === 0);",
      replace: "true);",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/focal.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "edges hear of no focal point", { find: "  noteChange(tx, id);\n", replace: "" }),
  ]),
  ...at({ file: `${CONSUMER}/images/accept-images.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "edges hear of no order to make an image anew", {
      find: "    if (chunk.force) noteForced(tx, id);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/reconcile.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "edges do not hear what the doctor deletes", { find: "    noteChange(tx, id);\n", replace: "" }),
  ]),
  ...at({ file: `${CONSUMER}/images/restored-images.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "a restore leaves edges with what an older ledger knows", {
      find: "  noteRestored(tx);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/sweeps.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "the changes forget an image of which R2 has something", {
      find: "isFirstChange && found.length === 0",
      replace: "isFirstChange",
    }),
    breaks("P21", "edges do not hear of what an older handler has put late", {
      find: "  if (pass === 2 && found.some(({ gen }) => gen < fence)) noteChange(tx, image);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/tables/changes.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "the changes forget a purge because of the upload after it", {
      find: " AND first = seq",
      replace: "",
    }),
    breaks("P21", "a change that came while a put was under way counts as told", {
      find: " AND seq <= ?",
      replace: " AND ? > 0",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/changes.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "purged images leave the object before R2 has lost them", {
      find: "[...recent, ...unswept]",
      replace: "[...recent, ...unswept.slice(unswept.length)]",
    }),
    breaks("P21", "changes that leave the object leave nothing behind", {
      find: "  putChangeOfAll(sql, recent[kept.length]?.seq ?? from);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${CONSUMER}/ledger/teller.ts`, tests: LEDGER_TESTS }, [
    breaks("P21", "a put tells what was known when it began to wait, so that single purges take two each", {
      find: "    await deps.within(deps.putChanges(next), PLATFORM_MS);",
      replace: "    const text = next();\n    await deps.within(deps.putChanges(() => text), PLATFORM_MS);",
    }),
    breaks("P21", "a purge is answered before the edges can know of it", {
      find: "isTold = ({ seq }: { seq: number }) => seq <= put",
      replace: "isTold = ({ seq }: { seq: number }) => seq > 0",
    }),
  ]),
  ...at({ file: `${CONSUMER}/store/put-changes.ts`, tests: [`${CONSUMER}/store/put-changes.test.ts`] }, [
    breaks("P21", "a put that hung takes newer changes back", {
      find: ", { onlyIf: ifUnchanged(known) }",
      replace: "",
    }),
    breaks("P21", "R2 refuses the second put in a second", {
      find: "  if (wait > 0) await sleep(wait);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${CONSUMER}/images/removal-record.ts`, tests: LEDGER_TESTS }, [
    breaks("P20", "a receipt is complete while data centres may have copies", {
      find: "Math.max(first.at + SETTLED_MS, until)",
      replace: "first.at + SETTLED_MS",
    }),
  ]),
];
