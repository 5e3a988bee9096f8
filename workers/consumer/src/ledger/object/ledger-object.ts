import { DurableObject } from "cloudflare:workers";
import type { Answering, LedgerCalls } from "../contract.ts";
import { durableSql } from "../tables/sql.ts";
import { Engine } from "./engine.ts";
import type { LedgerDeps } from "./ledger-deps.ts";

type Call<K extends keyof LedgerCalls> = Parameters<Answering<LedgerCalls>[K]>;

/** The Ledger's Durable Object: the platform's storage, alarm and RPC around the engine. Each call of the contract is a method here; worker.ts gives it its deps. */
// biome-ignore format: one call a line
export abstract class LedgerObject<Env> extends DurableObject<Env> implements Answering<LedgerCalls> {
  readonly #engine: Engine;

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
    this.#engine = new Engine(durableSql(ctx.storage), deps, host);
    ctx.blockConcurrencyWhile(() => this.#engine.load());
  }

  override alarm() { return this.#engine.alarm(); }

  exchange(...args: Call<"exchange">) { return this.#engine.exchange(...args); }
  recordDead(...args: Call<"recordDead">) { return this.#engine.recordDead(...args); }
  acceptChunk(...args: Call<"acceptChunk">) { return this.#engine.acceptChunk(...args); }
  finishDelivery(...args: Call<"finishDelivery">) { return this.#engine.finishDelivery(...args); }
  findDelivery(...args: Call<"findDelivery">) { return this.#engine.findDelivery(...args); }
  purgeImage(...args: Call<"purgeImage">) { return this.#engine.purgeImage(...args); }
  lookUp(...args: Call<"lookUp">) { return this.#engine.lookUp(...args); }
  listRuns(...args: Call<"listRuns">) { return this.#engine.listRuns(...args); }
  getRun(...args: Call<"getRun">) { return this.#engine.getRun(...args); }
  listRejected(...args: Call<"listRejected">) { return this.#engine.listRejected(...args); }
  listJobs(...args: Call<"listJobs">) { return this.#engine.listJobs(...args); }
  getJob(...args: Call<"getJob">) { return this.#engine.getJob(...args); }
  listDead(...args: Call<"listDead">) { return this.#engine.listDead(...args); }
  listCauses(...args: Call<"listCauses">) { return this.#engine.listCauses(...args); }
  listActions(...args: Call<"listActions">) { return this.#engine.listActions(...args); }
  getAction(...args: Call<"getAction">) { return this.#engine.getAction(...args); }
  listImages(...args: Call<"listImages">) { return this.#engine.listImages(...args); }
  imageRows(...args: Call<"imageRows">) { return this.#engine.imageRows(...args); }
  stats(...args: Call<"stats">) { return this.#engine.stats(...args); }
  about() { return this.#engine.about(); }
  history(...args: Call<"history">) { return this.#engine.history(...args); }
  pulse() { return this.#engine.pulse(); }
  getGate(...args: Call<"getGate">) { return this.#engine.getGate(...args); }
  noteDeliveries(...args: Call<"noteDeliveries">) { return this.#engine.noteDeliveries(...args); }
  listDeliveries(...args: Call<"listDeliveries">) { return this.#engine.listDeliveries(...args); }
  listEvents(...args: Call<"listEvents">) { return this.#engine.listEvents(...args); }
  testEvent(...args: Call<"testEvent">) { return this.#engine.testEvent(...args); }
  listAudit(...args: Call<"listAudit">) { return this.#engine.listAudit(...args); }
  cancelRun(...args: Call<"cancelRun">) { return this.#engine.cancelRun(...args); }
  retryJob(...args: Call<"retryJob">) { return this.#engine.retryJob(...args); }
  promoteJob(...args: Call<"promoteJob">) { return this.#engine.promoteJob(...args); }
  cancelJob(...args: Call<"cancelJob">) { return this.#engine.cancelJob(...args); }
  countMatches(...args: Call<"countMatches">) { return this.#engine.countMatches(...args); }
  createAction(...args: Call<"createAction">) { return this.#engine.createAction(...args); }
  cancelAction(...args: Call<"cancelAction">) { return this.#engine.cancelAction(...args); }
  patchGate(...args: Call<"patchGate">) { return this.#engine.patchGate(...args); }
  isSessionOver(...args: Call<"isSessionOver">) { return this.#engine.isSessionOver(...args); }
  endSession(...args: Call<"endSession">) { return this.#engine.endSession(...args); }
  doctorFrom(...args: Call<"doctorFrom">) { return this.#engine.doctorFrom(...args); }
  doctorSlice(...args: Call<"doctorSlice">) { return this.#engine.doctorSlice(...args); }
  doctorDone(...args: Call<"doctorDone">) { return this.#engine.doctorDone(...args); }
  pinged(...args: Call<"pinged">) { return this.#engine.pinged(...args); }
  hooked(..._: Call<"hooked">) { return this.#engine.hooked(); }
  rearm(...args: Call<"rearm">) { return this.#engine.rearm(...args); }
  recover(...args: Call<"recover">) { return this.#engine.recover(...args); }
  restored(...args: Call<"restored">) { return this.#engine.restored(...args); }
  exportSlice(...args: Call<"exportSlice">) { return this.#engine.exportSlice(...args); }
  importBegin(...args: Call<"importBegin">) { return this.#engine.importBegin(...args); }
  importRows(...args: Call<"importRows">) { return this.#engine.importRows(...args); }
  importEnd(...args: Call<"importEnd">) { return this.#engine.importEnd(...args); }
  findBookmark(...args: Call<"findBookmark">) { return this.#engine.findBookmark(...args); }
  restoreTo(...args: Call<"restoreTo">) { return this.#engine.restoreTo(...args); }
}
