import type { HookDelivery } from "@prewarm/control-schema/hooks";
import type { CodeVersion } from "@prewarm/control-schema/words";
import { findDelivery } from "@prewarm/durable-queue";
import { getAction, listActions } from "../console/actions.ts";
import { countMatches } from "../console/count-matches.ts";
import { listAudit } from "../console/tables/audit.ts";
import { imageAction } from "../images/image-actions.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { doctorFrom, doctorWalk } from "../images/reconcile.ts";
import { listReports } from "./coverage-reports.ts";
import { Deliveries } from "./deliveries.ts";
import { jobPage, runById, statsOf } from "./operator-calls.ts";
import { isSessionOver } from "./tables/sign-ins.ts";
import { causesView } from "./views/causes.ts";
import { listCosts } from "./views/costs.ts";
import { listEvents } from "./views/events.ts";
import { exportSlice } from "./views/export.ts";
import { gateView } from "./views/gate-view.ts";
import { history } from "./views/history.ts";
import { listImages } from "./views/image-list.ts";
import { findJob, imageRows, statesOf } from "./views/jobs.ts";
import { listOrdered } from "./views/ordered.ts";
import { listRejected, listRuns } from "./views/runs.ts";

/**
 * Every read of the ledger, by its name: `Ledger.read` runs it on a handle of the database that refuses writes. A read may
 * be repeated at will. The arguments behind the transaction are those of its caller.
 */
export const READS = {
  ...{ findDelivery, lookUp: statesOf, isSessionOver },
  ...{ listRuns, getRun: runById, listRejected, listOrdered, exportSlice },
  ...{ listJobs: jobPage, getJob: findJob, listCauses: causesView, countMatches, listActions, getAction },
  ...{ listImages, imageRows, getImageAction: imageAction },
  ...{ stats: statsOf, history, listCosts, getGate: gateView, listEvents, listAudit, listReports },
  ...{ doctorFrom, doctorWalk },
  /** The last deliveries of hooks, the newest first. */
  listDeliveries: (tx: ImageTx): HookDelivery[] => [...tx.memory.of(Deliveries).list()],
  /** The code that the object runs, which a deploy replaces at its own time. Null: the platform tells none. */
  about: (tx: ImageTx): { version: CodeVersion | null } => ({ version: tx.instance.version }),
};

export type ReadName = keyof typeof READS;

/** The reads as a ledger in this process answers them. */
export type Reads = {
  [K in ReadName]: (typeof READS)[K] extends (tx: never, ...args: infer A) => infer R ? (...args: A) => R : never;
};
