import { CoverageReport } from "@prewarm/control-schema/coverage";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { nameOf, placeOf } from "@prewarm/durable-queue";
import { PLACES } from "@prewarm/durable-queue/testing";
import { IMAGES_PER_CALL } from "@prewarm/shared/limits";
import { ANY_JOB } from "../../../console/calls.ts";
import type { LedgerCalls } from "../../ledger-for.ts";
import { chunkOf } from "../chunk-of.ts";
import type { DirectLedger } from "../direct-calls.ts";
import { ofPlainReads, type PlainRead } from "../plain-reads.ts";
import { NOON } from "./fill-day.ts";

const WHO = "test";
const SAID = { have: [], submitted: [], settled: [], leave: false };
const NOTE = { hook: "uploads", verdict: "accepted" as const, why: null, n: 1, run: null };
const COUNTS = { accepted: 1, duplicates: 0, existing: 0, purged: 0, ignored: 0, rejected: 0, images: ["o1.jpg"] };
const PAGE = { limit: 50 };
const FIRST = { ...PAGE, cursor: null };
const retrying = (n: number): string => nameOf((600_000 + n) * PLACES + 7);
/** A job in the middle of its line. */
const WAITING = nameOf(placeOf({ group: "x.jpg", part: "320-high.webp" }, "test"));
const LAST_ORDERED = { group: "o99999.jpg", part: "828-high.webp" };

/** A call, by the forms of it that read most. */
type Forms<Needed extends string> = Record<Needed, ((ledger: DirectLedger) => unknown)[]>;

function exchange(owner: string, role: "work" | "urgent", keys: string[], room = 0): (ledger: DirectLedger) => unknown {
  const asks = keys.map((key) => ({ key, at: NOON }));
  return (ledger) => ledger.exchange({ owner, first: true, role, room, asks, ...SAID });
}

function accept(delivery: string, keyOf: (n: number) => string, lane: "bulk" | "upload" = "bulk") {
  const keys = Array.from({ length: 1_000 }, (_, n) => keyOf(n));
  return (ledger: DirectLedger) =>
    ledger.acceptChunk(chunkOf({ run: `of ${delivery}`, lane, keys }, { id: delivery, chunk: 0, hash: "h" }));
}

const NAMED: Forms<Exclude<keyof LedgerCalls, PlainRead>> & Partial<Forms<PlainRead>> = {
  exchange: [
    exchange("view", "urgent", ["p77.jpg/640-high.webp"]),
    exchange(
      "views",
      "urgent",
      Array.from({ length: 10 }, (_, n) => `p${n}.jpg/640-high.webp`),
    ),
    exchange("worker", "work", [], 40),
  ],
  recordDead: [(ledger) => ledger.recordDead([{ queue: "q", id: "m", body: "{}", reason: "r", at: NOON }])],
  acceptChunk: [
    accept("many images", (n) => `new${n}.jpg/320-high.webp`),
    accept("one image", (n) => `new.jpg/${n + 1}-high.webp`, "upload"),
  ],
  finishDelivery: [
    (ledger) =>
      ledger.finishDelivery({
        delivery: { id: "many images", chunks: 1, hash: "h" },
        run: "of many images",
        who: WHO,
        summary: {},
      }),
  ],
  findDelivery: [(ledger) => ledger.findDelivery("many images")],
  purgeImage: [(ledger) => ledger.purgeImage("p1.jpg", null, WHO), (ledger) => ledger.purgeImage("new.jpg", null, WHO)],
  edgesTold: [(ledger) => ledger.edgesTold()],
  setFocal: [(ledger) => ledger.setFocal("p2.jpg", [0.25, 0.75], WHO)],
  removeImage: [(ledger) => ledger.removeImage(["p3.jpg"], "asked", WHO)],
  actOnImages: (["purge", "remove"] as const).map((kind) => (ledger: DirectLedger) => {
    const ids = Array.from({ length: IMAGES_PER_CALL }, (_, n) => `p${n + 100}.jpg`);
    const reason = kind === "remove" ? "asked" : null;
    return ledger.actOnImages({ action: `many-${kind}`, kind, ids, also: [], from: 0, label: null, reason }, WHO);
  }),
  getImageAction: [
    (ledger) => ledger.getImageAction({ action: "many-remove" }),
    (ledger) => ledger.getImageAction({ action: "nothing" }),
  ],
  unblockImage: [(ledger) => ledger.unblockImage(["gone7"], WHO)],
  noteDeliveries: [(ledger) => ledger.noteDeliveries([{ ...NOTE, ...COUNTS }])],
  countRefusals: [(ledger) => ledger.countRefusals([{ ...NOTE, ...COUNTS, verdict: "refused", why: "unauthorized" }])],
  listDeliveries: [(ledger) => ledger.listDeliveries()],
  lookUp: [(ledger) => ledger.lookUp(Array.from({ length: 1_000 }, (_, n) => `new${n}.jpg/320-high.webp`))],
  listRuns: [
    (ledger) => ledger.listRuns(PAGE),
    (ledger) => ledger.listRuns({ ...PAGE, state: "open" }),
    (ledger) => ledger.listRuns({ ...PAGE, state: "cancelled" }),
  ],
  getRun: [(ledger) => ledger.getRun({ run: "open0" })],
  listRejected: [(ledger) => ledger.listRejected({ ...PAGE, run: "run0" })],
  listOrdered: [
    (ledger) => ledger.listOrdered({ run: "open0", cursor: null, until: NOON }),
    (ledger) => ledger.listOrdered({ run: "open0", cursor: "stored-0", until: NOON }),
    (ledger) => ledger.listOrdered({ run: "of many images", cursor: "stored-0", until: NOON }),
  ],
  listJobs: [
    (ledger) => ledger.listJobs({ ...FIRST, filter: ANY_JOB }),
    (ledger) => ledger.listJobs({ ...FIRST, filter: { ...ANY_JOB, text: ["nothing"] } }),
    (ledger) => ledger.listJobs({ ...FIRST, filter: { ...ANY_JOB, states: ["retrying"] } }),
    (ledger) => ledger.listJobs({ ...FIRST, filter: { ...ANY_JOB, states: ["dead"], text: ["nothing"] } }),
    (ledger) => ledger.listJobs({ ...FIRST, filter: { ...ANY_JOB, states: ["stored"] } }),
    (ledger) => ledger.listJobs({ ...FIRST, filter: { ...ANY_JOB, id: "p4" } }),
  ],
  getJob: [
    (ledger) => ledger.getJob(nameOf(100_000 * PLACES + (placeOf(LAST_ORDERED, "test") % PLACES))),
    (ledger) => ledger.getJob(retrying(11_999)),
    (ledger) => ledger.getJob(WAITING),
    (ledger) => ledger.getJob(nameOf(4_503_599_627_370_496)),
  ],
  listCauses: [(ledger) => ledger.listCauses({ windowMs: null, run: null })],
  getAction: [(ledger) => ledger.getAction({ action: "act_7" })],
  listImages: (["latest", "largest", "failed", "cost"] as const).map(
    (sort) => (ledger: DirectLedger) =>
      ledger.listImages({ search: sort === "failed" ? "nothing" : "", sort, limit: 50 }),
  ),
  listCosts: (["image", "run", "width"] as const).map(
    (by) => (ledger: DirectLedger) => ledger.listCosts({ by, from: 0, to: NOON, sort: "cost", skip: 0, limit: 200 }),
  ),
  imageRows: [(ledger) => ledger.imageRows("p5.jpg", []), (ledger) => ledger.imageRows("gone8", [])],
  listOrders: [(ledger) => ledger.listOrders({ id: "p5.jpg" }), (ledger) => ledger.listOrders({ id: "gone8" })],
  stats: [(ledger) => ledger.stats()],
  about: [(ledger) => ledger.about()],
  getHistory: [(ledger) => ledger.getHistory({ tier: "day", from: 0, to: NOON })],
  getGate: [(ledger) => ledger.getGate()],
  listEvents: [(ledger) => ledger.listEvents(FIRST)],
  testEvent: [(ledger) => ledger.testEvent(WHO)],
  listAudit: [(ledger) => ledger.listAudit({ ...PAGE, search: "nothing" })],
  cancelRun: [(ledger) => ledger.cancelRun("open1", WHO)],
  retryJob: [(ledger) => ledger.retryJob(retrying(5_000), WHO)],
  promoteRun: [(ledger) => ledger.promoteRun("open2", true, WHO)],
  cancelJob: [(ledger) => ledger.cancelJob(retrying(5_002), WHO)],
  countMatches: [
    (ledger) => ledger.countMatches({ ...ANY_JOB, text: ["nothing"] }),
    (ledger) => ledger.countMatches({ ...ANY_JOB, states: ["dead"], fingerprint: "c1" }),
  ],
  createAction: [
    (ledger) =>
      ledger.createAction({
        kind: "cancel",
        filter: {},
        match: { ...ANY_JOB, text: ["again"] },
        rate: null,
        who: WHO,
      }),
  ],
  cancelAction: [(ledger) => ledger.cancelAction("act_9", WHO)],
  patchGate: [(ledger) => ledger.patchGate({ concurrency: 7 }, WHO)],
  acknowledge: [(ledger) => ledger.acknowledge("stuck", null, WHO)],
  takeBack: [(ledger) => ledger.takeBack("stuck", WHO)],
  isSessionOver: [(ledger) => ledger.isSessionOver("session")],
  endSession: [(ledger) => ledger.endSession("session", NOON)],
  keepReport: [(ledger) => ledger.keepReport("shop", leastValue(CoverageReport), WHO)],
  doctorFrom: [(ledger) => ledger.doctorFrom()],
  doctorSlice: [
    (ledger) =>
      ledger.doctorSlice({
        page: { from: "", to: "z", at: NOON, objects: listed(), markers: [] },
        fix: true,
        keep: true,
        who: WHO,
      }),
    (ledger) =>
      ledger.doctorSlice({
        page: { from: "z", to: null, at: NOON, objects: [], markers: [] },
        fix: true,
        keep: true,
        who: WHO,
      }),
  ],
  doctorDone: [(ledger) => ledger.doctorDone([{ id: "p9.jpg", until: NOON }])],
  restored: [(ledger) => ledger.restored(WHO, {}, { ceiling: 0, purges: [{ seq: 1, id: "p10.jpg" }] })],
  exportSlice: [null, "focals ", "jobs 0"].map((cursor) => (ledger: DirectLedger) => ledger.exportSlice(cursor)),
  noteExport: [(ledger) => ledger.noteExport(WHO)],
  findBookmark: [(ledger) => ledger.findBookmark({ at: NOON })],
  restoreTo: [(ledger) => ledger.restoreTo({ at: NOON })],
  rearm: [(ledger) => ledger.rearm(), (ledger) => ledger.rearm(), (ledger) => ledger.rearm()],
  recover: [(ledger) => ledger.recover()],
};

/** Every call of the ledger. */
export const FORMS: Forms<keyof LedgerCalls> = {
  ...ofPlainReads((name, given) => [(ledger: DirectLedger) => ledger[name](given)]),
  ...NAMED,
};

function listed(): { key: string; gen: number }[] {
  return Array.from({ length: 1_000 }, (_, n) => ({ key: `p${n}.jpg/828-high.webp`, gen: 5 }));
}
