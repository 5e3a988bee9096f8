import type { Answer, CallName, Calls } from "@prewarm/control-schema/calls";
import type { CodeVersion } from "@prewarm/control-schema/words";
import { findDelivery } from "@prewarm/durable-queue";
import { getAction, listActions } from "../console/actions.ts";
import { countMatches } from "../console/count-matches.ts";
import { listAudit } from "../console/tables/audit.ts";
import { getImageAction } from "../images/image-actions.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { doctorFrom, doctorWalk } from "../images/reconcile.ts";
import { listReports } from "./coverage-reports.ts";
import type { GivenTo } from "./given-to.ts";
import { jobPage, statsOf } from "./operator-calls.ts";
import { isSessionOver } from "./tables/sign-ins.ts";
import { getHistory } from "./views/buckets.ts";
import { causesView } from "./views/causes.ts";
import { listCosts } from "./views/costs.ts";
import { deliveriesView } from "./views/deliveries.ts";
import { listEvents } from "./views/events.ts";
import { exportSlice } from "./views/export.ts";
import { gateView } from "./views/gate-view.ts";
import { listImages } from "./views/image-list.ts";
import { listOrders } from "./views/image-orders.ts";
import { findJob, imageRows, statesOf } from "./views/jobs.ts";
import { listOrdered } from "./views/ordered.ts";
import { getRun, listRejected, listRuns } from "./views/runs.ts";

/**
 * Reads that answer a call of the API as they are. Each has the name of the call's operation, and takes the parameters of
 * its path and its query. Null: 404.
 */
export const ANSWERS = {
  listRuns,
  getRun,
  listRejected,
  getAction,
  listActions,
  listImages,
  listOrders,
  getImageAction,
  getHistory,
  listAudit,
  listReports,
  doctorWalk,
} satisfies { [C in CallName as Calls[C]["id"]]?: (tx: ImageTx, given: GivenTo<C>) => Answer<C> | null };

/** The names of the operations that a read answers. */
export type AnsweringRead = keyof typeof ANSWERS;

/**
 * Every read of the ledger, by its name: `Ledger.read` runs it on a handle of the database that refuses writes. A read may
 * be repeated at will. The arguments behind the transaction are those of its caller.
 */
export const READS = {
  ...ANSWERS,
  findDelivery,
  lookUp: statesOf,
  isSessionOver,
  listOrdered,
  exportSlice,
  doctorFrom,
  listJobs: jobPage,
  getJob: findJob,
  listCauses: causesView,
  countMatches,
  imageRows,
  stats: statsOf,
  listCosts,
  getGate: gateView,
  listEvents,
  listDeliveries: deliveriesView,
  /** The code that the object runs, which a deploy replaces at its own time. Null: the platform tells none. */
  about: (tx: ImageTx): { version: CodeVersion | null } => ({ version: tx.instance.version }),
};

export type ReadName = keyof typeof READS;

/** The reads as a ledger in this process answers them. */
export type Reads = {
  [K in ReadName]: (typeof READS)[K] extends (tx: never, ...args: infer A) => infer R ? (...args: A) => R : never;
};
