import type { Clock } from "@prewarm/shared/clock";
import type { ExternalJob } from "../external-jobs.ts";
import { Claims } from "../tables/claims.ts";
import { GateDoc } from "../tables/gate-doc.ts";
import { type HookState, readHookState } from "../tables/hook-state.ts";
import { type Meta, readMeta } from "../tables/meta.ts";
import { Numbers } from "../tables/numbers.ts";
import { Orders } from "../tables/orders.ts";
import type { Sql } from "../tables/sql.ts";
import type { Kept } from "../tables/tx.ts";
import type { Bucket } from "./bucket.ts";
import { Deliveries } from "./deliveries.ts";
import { type GateMemory, newGateMemory } from "./gate-memory.ts";
import { HeardCalls } from "./heard-calls.ts";
import { LatelyStored } from "./lately-stored.ts";
import { ViewedToday } from "./viewed-today.ts";

/**
 * The memory of this instance of the ledger. The first half is kept in tables, and read once. The second half is lost
 * at an eviction. Each part of it fails safely: a slot is held longer, a look is repeated, a wake-up is sent again.
 */
export class Memory implements Kept {
  readonly born: number;
  readonly meta: Meta;
  readonly numbers: Numbers;
  readonly gateDoc: GateDoc;
  readonly claims: Claims;
  readonly orders: Orders;
  hookState: HookState | null;
  /** Generations whose job has ended, with the observation. */
  readonly sights = new Map<number, ExternalJob>();
  /** Generations whose end was reported to the holder. */
  readonly told = new Set<number>();
  /** When the job of a generation was last observed open, Unix ms. */
  readonly shown = new Map<number, number>();
  /** Ittybit's webhooks, by the effect that they had. */
  readonly pings = { woke: 0, unknown: 0, refused: 0 };
  readonly deliveries: Deliveries;
  readonly heard = new HeardCalls();
  readonly gate: GateMemory;
  readonly stored = new LatelyStored();
  /** When each wake-up under way was sent, Unix ms. */
  wakes: number[] = [];
  /** The maximum of concurrent workers since work began, and when it was reached. */
  mostWorkers = { n: 0, since: 0 };
  readonly viewed = new ViewedToday();
  /** Tokens for looks at originals of unknown ids. */
  readonly unknownLooks: { held: Bucket | null } = { held: null };
  /** Tokens for misses without effect. When none is left, edges shed. */
  readonly useless: { held: Bucket | null } = { held: null };
  /** The last call or alarm, Unix ms. */
  aliveAt: number;
  /**
   * The ledger was unreachable until this time, Unix ms. A lease that was last renewed before it counts no crash. 0:
   * never.
   */
  sleptAt = 0;

  constructor(sql: Sql, clock: Clock) {
    const now = clock.now();
    this.born = now;
    this.aliveAt = now;
    this.meta = readMeta(sql);
    this.numbers = new Numbers(sql, () => clock.random());
    this.gateDoc = new GateDoc(sql, now);
    this.claims = new Claims(sql);
    this.orders = new Orders(sql, this.meta.ledgerId);
    this.hookState = readHookState(sql);
    this.deliveries = new Deliveries(sql);
    this.gate = newGateMemory(now);
  }

  isEnded(gen: number): boolean {
    return this.sights.has(gen);
  }

  /** Forgets what was observed of a generation whose claim ends. */
  forget(gen: number): void {
    this.sights.delete(gen);
    this.told.delete(gen);
    this.shown.delete(gen);
    this.gate.unfetched.delete(gen);
  }
}
