import type { AcceptChunk, BeforeRestore, ExchangeRequest } from "../calls.ts";
import { exchange } from "../claims/exchange.ts";
import { acceptChunk } from "../intake/accept-chunk.ts";
import { beforeRestore, restored } from "../operate/restored.ts";
import { QUEUE_TABLES } from "../schema/migrate.ts";
import type { QueueConfig } from "../schema/queue-config.ts";
import { QueueTx } from "../schema/queue-tx.ts";
import type { Sql } from "../schema/sql.ts";
import { Queue, type QueueHost } from "./queue.ts";
import type { QueueDeps } from "./queue-deps.ts";

/** A queue whose groups have no rules of their own. */
export class JobQueue extends Queue {
  constructor(sql: Sql, config: QueueConfig, deps: QueueDeps, host: QueueHost) {
    const openTx = (over: Sql, opening: Omit<ConstructorParameters<typeof QueueTx>[1], "config">) =>
      new QueueTx(over, { config, ...opening });
    super(sql, { tables: QUEUE_TABLES, openTx }, deps, host);
  }

  readonly acceptChunk = this.changes((tx, chunk: AcceptChunk) => acceptChunk(tx, chunk, () => true));
  readonly exchange = this.changes((tx, request: ExchangeRequest) => exchange(tx, request, () => ({})));

  protected override beforeRestore(tx: QueueTx): BeforeRestore {
    return beforeRestore(tx);
  }

  protected override afterRestore(
    tx: QueueTx,
    who: string,
    how: Record<string, unknown>,
    before: BeforeRestore | null,
  ): void {
    restored(tx, who, how, before);
  }
}
