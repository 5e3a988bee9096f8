import type { LedgerCalls } from "../../ledger-for.ts";
import { ofPlainReads, type PlainRead } from "../plain-reads.ts";

/** A call about one image, job or run, or about a document. */
const FEW = 1_000;
/** A call about 1,000 keys or objects. */
const CHUNK = 10_000;
/** A page of a list, and what is shown beside it. Of jobs that wait for a retry 10,000 are put in order, read by an index and by their rows. */
const PAGE = 25_000;
/** A count of at most 100,000 rows, which an index finds. */
const COUNT = 250_000;

type Bounds<Needed extends string> = Readonly<Record<Needed, number>>;

const BOUNDS: Bounds<Exclude<keyof LedgerCalls, PlainRead> | "opening" | "firstView"> & Partial<Bounds<PlainRead>> = {
  opening: FEW,
  firstView: FEW,
  exchange: CHUNK,
  // Dead messages are put in order by time without an index.
  recordDead: 40_000,
  acceptChunk: CHUNK,
  finishDelivery: FEW,
  findDelivery: FEW,
  noteDeliveries: FEW,
  countRefusals: FEW,
  listDeliveries: PAGE,
  // Every change of 30 days, about 20,000 at most, with what three tables have of its image.
  edgesTold: 4 * PAGE,
  // A removal counts the blocks: at most 20,000.
  // Of a purge each row of the image is read, and its entries in the indexes.
  purgeImage: CHUNK,
  setFocal: FEW,
  removeImage: PAGE,
  unblockImage: FEW,
  imageRows: 500,
  listOrders: FEW,
  // 200 images with their rows; the blocks are counted once, and the log is walked for the action.
  actOnImages: 3 * PAGE,
  getImageAction: PAGE,
  lookUp: CHUNK,
  listRuns: PAGE,
  getRun: PAGE,
  listRejected: FEW,
  listOrdered: CHUNK,
  listJobs: PAGE,
  // More than 50,000 jobs before a job are not counted.
  getJob: 75_000,
  listCauses: 2 * COUNT,
  listImages: COUNT,
  countMatches: COUNT,
  createAction: COUNT,
  getAction: FEW,
  cancelAction: FEW,
  listEvents: FEW,
  testEvent: FEW,
  listAudit: PAGE,
  listCosts: FEW,
  getGate: FEW,
  patchGate: FEW,
  about: FEW,
  // 10,000 late sweeps of a kind are counted.
  stats: 2 * PAGE,
  acknowledge: 2 * PAGE,
  takeBack: FEW,
  retryJob: FEW,
  promoteRun: PAGE,
  cancelJob: FEW,
  cancelRun: PAGE,
  isSessionOver: FEW,
  endSession: FEW,
  keepReport: FEW,
  // The last slice compares counts with up to 100,000 rows, three times, and with 50,000 runs.
  doctorFrom: FEW,
  doctorSlice: 2 * COUNT,
  doctorDone: FEW,
  exportSlice: CHUNK,
  noteExport: FEW,
  restored: FEW,
  restoreTo: FEW,
  recover: FEW,
  // Each unfinished purge is handed to the restored ledger.
  findBookmark: 2 * PAGE,
  // Once an hour old rows are looked for: small tables as a whole, of large ones 2,000 rows twenty times.
  rearm: 2 * COUNT,
};

/**
 * The most rows that each call of the ledger may read, as the platform bills them, however many variants were stored or wait
 * (rows-of-a-day.test.ts, day-of-a-million.test.ts). `opening`: a new instance begins. `firstView`: its first call, a viewer's. A read that
 * answers a call of the API without parameters reads few rows, unless it has a bound of its own.
 */
export const ROWS_READ_MAX: Bounds<keyof LedgerCalls | "opening" | "firstView"> = {
  ...ofPlainReads(() => FEW),
  ...BOUNDS,
};
