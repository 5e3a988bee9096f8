import type { Config } from "../../../packages/shared/src/config.ts";

/* The types of `prewarm/consumer`, as far as a site sees them. The compiler holds the code to them (types.check.ts). */

export interface Context {
  waitUntil(work: Promise<unknown>): void;
}

export interface ConsumerWorker {
  fetch(request: Request, env: object, context: Context): Response | Promise<Response>;
  queue(batch: object, env: object, context: Context): Promise<void>;
  scheduled(controller: object, env: object): Promise<void>;
}

/** The class of the ledger's Durable Object: `export class Ledger extends consumer.Ledger {}`. */
export type LedgerClass = new (state: never, env: never) => { alarm(): Promise<void> };

/** The class of what the edge calls: `export class Misses extends consumer.Misses {}`. */
export type MissesClass = new (context: never, env: never) => { miss(message: unknown): Promise<boolean> };

/** The consumer of a site, which makes variants. */
export declare function createConsumer(site: Config): {
  worker: ConsumerWorker;
  Ledger: LedgerClass;
  Misses: MissesClass;
};
