import { type Duties, Queue, type QueueHost, RULES, type Rules, type Sql } from "@prewarm/durable-queue";
import { actionSlice, isSliceDue } from "../console/actions.ts";
import type { BeforeRestore } from "../images/calls.ts";
import { ImageTx, type Instance } from "../images/image-tx.ts";
import { beforeImagesRestore } from "../images/restored-images.ts";
import { queueConfigOf } from "../queue-settings.ts";
import { Deliveries } from "./deliveries.ts";
import { noteDeploy } from "./deployed.ts";
import { followUps, ownTimes } from "./follow-ups.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { READS, type ReadName, type Reads } from "./reads.ts";
import { Sweeper } from "./sweeper.ts";
import { LEDGER_TABLES, OWN_RULES } from "./tables/own-tables.ts";
import { Teller } from "./teller.ts";
import { WRITES, type WriteName, type Writes } from "./writes.ts";

/** The ledger without its Durable Object: the queue, and the calls of `READS` and `WRITES` over it. */
export class Ledger extends Queue<ImageTx, BeforeRestore> {
  readonly #deps: LedgerDeps;
  readonly #sweeper: Sweeper;
  readonly #teller: Teller;
  readonly #instance: Instance;

  constructor(sql: Sql, deps: LedgerDeps, host: QueueHost) {
    const { config: site } = deps;
    const config = queueConfigOf(site);
    const instance: Instance = { version: deps.version, metricErrors: 0 };
    super(
      sql,
      { tables: LEDGER_TABLES, openTx: (over, opening) => new ImageTx(over, { site, config, instance, ...opening }) },
      deps,
      host,
    );
    this.#deps = deps;
    this.#instance = instance;
    const { transactions } = this;
    this.#teller = new Teller({ transactions, deps, host });
    this.#sweeper = new Sweeper({ transactions, deps, host, change: (work) => this.change(work) });
    this.transactions.write((tx) => noteDeploy(tx, deps.version));
  }

  /* ── Calls ── */

  /** Answers a read. */
  read<K extends ReadName>(name: K, args: Parameters<Reads[K]>): ReturnType<Reads[K]> {
    const work = READS[name] as (tx: ImageTx, ...args: unknown[]) => ReturnType<Reads[K]>;
    return this.transactions.read((tx) => work(tx, ...args));
  }

  /** Makes a change, and answers as it did. `id`: of a call that must happen once. */
  write<K extends WriteName>(name: K, args: Parameters<Writes[K]>, id?: string): ReturnType<Writes[K]> {
    const { follows, work } = WRITES[name] as { follows: boolean; work: (tx: ImageTx, ...args: unknown[]) => unknown };
    // A repeat is answered from the inbox, which has JSON and so null for nothing.
    const make = (tx: ImageTx) => (work(tx, ...args) ?? null) as ReturnType<Writes[K]>;
    return follows ? this.change(make, id) : this.note(make, id);
  }

  /** Resolves when the edges can know of every change so far (decision 19). Fails while R2 does not take the changes. */
  edgesTold(): Promise<void> {
    return this.#teller.told();
  }

  /* ── What follows a change ── */

  protected override followUps(): Duties {
    // These first, because the others call services that may hang.
    return {
      actions: () => {
        if (this.transactions.read(isSliceDue)) this.change(actionSlice);
      },
      changes: () => this.#teller.begin(),
      sweeps: () => this.#sweeper.begin(),
      ...followUps(this.transactions, this.#deps),
    };
  }

  protected override ownTimes(tx: ImageTx): (number | null)[] {
    return [...ownTimes(tx), this.#sweeper.nextAt(tx), this.#teller.nextAt(tx)];
  }

  protected override get rules(): Rules {
    return { ...RULES, ...OWN_RULES };
  }

  protected override keepHouse(): void {
    this.#sample();
    const deliveries = this.transactions.memory.of(Deliveries);
    if (!deliveries.isSaved) this.note(({ sql }) => deliveries.save(sql));
  }

  /** Counts a sample that fails, and lets the work continue. */
  #sample(): void {
    try {
      this.note(({ statistics }) => statistics.sample());
    } catch {
      this.#instance.metricErrors += 1;
    }
  }

  protected override beforeRestore(tx: ImageTx): BeforeRestore {
    return beforeImagesRestore(tx);
  }
}
