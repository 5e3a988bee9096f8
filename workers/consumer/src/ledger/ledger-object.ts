import { DurableObject } from "cloudflare:workers";
import { durableSql } from "@prewarm/durable-queue";
import type { Answering, LedgerCalls } from "./contract.ts";
import { Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";

type Call<K extends keyof LedgerCalls> = Parameters<Answering<LedgerCalls>[K]>;

/** The Ledger's Durable Object: the platform's storage, alarm and RPC around the ledger. Each call of the contract is a method here; worker.ts gives it its deps. */
// biome-ignore format: one call a line
export abstract class LedgerObject<Env> extends DurableObject<Env> implements Answering<LedgerCalls> {
  readonly #ledger: Ledger;

  constructor(ctx: DurableObjectState, env: Env, deps: LedgerDeps) {
    super(ctx, env);
    const host = {
      storage: ctx.storage,
      waitUntil: (work: Promise<unknown>) => ctx.waitUntil(work),
      bookmarks: {
        now: () => ctx.storage.getCurrentBookmark(),
        at: (time: number) => ctx.storage.getBookmarkForTime(time),
        restoreNext: (bookmark: string) => ctx.storage.onNextSessionRestoreBookmark(bookmark),
        restart: () => ctx.abort("an older database is restored"),
      },
    };
    this.#ledger = new Ledger(durableSql(ctx.storage), deps, host);
    ctx.blockConcurrencyWhile(() => this.#ledger.load());
  }

  override alarm() { return this.#ledger.alarm(); }

  exchange(...args: Call<"exchange">) { return this.#ledger.exchange(...args); }
  recordDead(...args: Call<"recordDead">) { return this.#ledger.recordDead(...args); }
  acceptChunk(...args: Call<"acceptChunk">) { return this.#ledger.acceptChunk(...args); }
  finishDelivery(...args: Call<"finishDelivery">) { return this.#ledger.finishDelivery(...args); }
  findDelivery(...args: Call<"findDelivery">) { return this.#ledger.findDelivery(...args); }
  purgeImage(...args: Call<"purgeImage">) { return this.#ledger.purgeImage(...args); }
  edgesTold() { return this.#ledger.edgesTold(); }
  setFocal(...args: Call<"setFocal">) { return this.#ledger.setFocal(...args); }
  removeImage(...args: Call<"removeImage">) { return this.#ledger.removeImage(...args); }
  actOnImages(...args: Call<"actOnImages">) { return this.#ledger.actOnImages(...args); }
  getImageAction(...args: Call<"getImageAction">) { return this.#ledger.getImageAction(...args); }
  unblockImage(...args: Call<"unblockImage">) { return this.#ledger.unblockImage(...args); }
  lookUp(...args: Call<"lookUp">) { return this.#ledger.lookUp(...args); }
  listRuns(...args: Call<"listRuns">) { return this.#ledger.listRuns(...args); }
  getRun(...args: Call<"getRun">) { return this.#ledger.getRun(...args); }
  listRejected(...args: Call<"listRejected">) { return this.#ledger.listRejected(...args); }
  listOrdered(...args: Call<"listOrdered">) { return this.#ledger.listOrdered(...args); }
  listJobs(...args: Call<"listJobs">) { return this.#ledger.listJobs(...args); }
  getJob(...args: Call<"getJob">) { return this.#ledger.getJob(...args); }
  listCauses(...args: Call<"listCauses">) { return this.#ledger.listCauses(...args); }
  listActions(...args: Call<"listActions">) { return this.#ledger.listActions(...args); }
  getAction(...args: Call<"getAction">) { return this.#ledger.getAction(...args); }
  listImages(...args: Call<"listImages">) { return this.#ledger.listImages(...args); }
  listCosts(...args: Call<"listCosts">) { return this.#ledger.listCosts(...args); }
  imageRows(...args: Call<"imageRows">) { return this.#ledger.imageRows(...args); }
  stats(...args: Call<"stats">) { return this.#ledger.stats(...args); }
  about() { return this.#ledger.about(); }
  history(...args: Call<"history">) { return this.#ledger.history(...args); }
  getGate(...args: Call<"getGate">) { return this.#ledger.getGate(...args); }
  noteDeliveries(...args: Call<"noteDeliveries">) { return this.#ledger.noteDeliveries(...args); }
  countRefusals(...args: Call<"countRefusals">) { return this.#ledger.countRefusals(...args); }
  listDeliveries(...args: Call<"listDeliveries">) { return this.#ledger.listDeliveries(...args); }
  listEvents(...args: Call<"listEvents">) { return this.#ledger.listEvents(...args); }
  testEvent(...args: Call<"testEvent">) { return this.#ledger.testEvent(...args); }
  listAudit(...args: Call<"listAudit">) { return this.#ledger.listAudit(...args); }
  cancelRun(...args: Call<"cancelRun">) { return this.#ledger.cancelRun(...args); }
  retryJob(...args: Call<"retryJob">) { return this.#ledger.retryJob(...args); }
  promoteRun(...args: Call<"promoteRun">) { return this.#ledger.promoteRun(...args); }
  cancelJob(...args: Call<"cancelJob">) { return this.#ledger.cancelJob(...args); }
  countMatches(...args: Call<"countMatches">) { return this.#ledger.countMatches(...args); }
  createAction(...args: Call<"createAction">) { return this.#ledger.createAction(...args); }
  cancelAction(...args: Call<"cancelAction">) { return this.#ledger.cancelAction(...args); }
  patchGate(...args: Call<"patchGate">) { return this.#ledger.patchGate(...args); }
  acknowledge(...args: Call<"acknowledge">) { return this.#ledger.acknowledge(...args); }
  takeBack(...args: Call<"takeBack">) { return this.#ledger.takeBack(...args); }
  keepReport(...args: Call<"keepReport">) { return this.#ledger.keepReport(...args); }
  listReports() { return this.#ledger.listReports(); }
  isSessionOver(...args: Call<"isSessionOver">) { return this.#ledger.isSessionOver(...args); }
  endSession(...args: Call<"endSession">) { return this.#ledger.endSession(...args); }
  doctorFrom(...args: Call<"doctorFrom">) { return this.#ledger.doctorFrom(...args); }
  doctorWalk(...args: Call<"doctorWalk">) { return this.#ledger.doctorWalk(...args); }
  doctorSlice(...args: Call<"doctorSlice">) { return this.#ledger.doctorSlice(...args); }
  doctorDone(...args: Call<"doctorDone">) { return this.#ledger.doctorDone(...args); }
  rearm(...args: Call<"rearm">) { return this.#ledger.rearm(...args); }
  recover(...args: Call<"recover">) { return this.#ledger.recover(...args); }
  restored(...args: Call<"restored">) { return this.#ledger.restored(...args); }
  exportSlice(...args: Call<"exportSlice">) { return this.#ledger.exportSlice(...args); }
  findBookmark(...args: Call<"findBookmark">) { return this.#ledger.findBookmark(...args); }
  restoreTo(...args: Call<"restoreTo">) { return this.#ledger.restoreTo(...args); }
}
