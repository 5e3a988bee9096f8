import { DurableObject } from "cloudflare:workers";
import { durableSql } from "@prewarm/durable-queue";
import { Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import type { LedgerDoors } from "./ledger-for.ts";
import type { ReadName, Reads } from "./reads.ts";
import type { WriteName, Writes } from "./writes.ts";

/** The Ledger's Durable Object: the platform's storage, alarm and RPC around the ledger. worker.ts gives it its deps. */
export abstract class LedgerObject<Env> extends DurableObject<Env> implements LedgerDoors {
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

  override alarm() {
    return this.#ledger.alarm();
  }

  read<K extends ReadName>(name: K, args: Parameters<Reads[K]>) {
    return this.#ledger.read(name, args);
  }

  write<K extends WriteName>(name: K, args: Parameters<Writes[K]>, id?: string) {
    return this.#ledger.write(name, args, id);
  }

  edgesTold() {
    return this.#ledger.edgesTold();
  }

  findBookmark(to: Parameters<Ledger["findBookmark"]>[0]) {
    return this.#ledger.findBookmark(to);
  }

  restoreTo(to: Parameters<Ledger["restoreTo"]>[0]) {
    return this.#ledger.restoreTo(to);
  }

  rearm() {
    return this.#ledger.rearm();
  }

  recover() {
    return this.#ledger.recover();
  }
}
