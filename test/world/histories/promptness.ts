import { GATE_KEY, parseGate } from "@prewarm/shared/markers";
import type { LedgerCalls } from "../../../workers/consumer/src/ledger/contract.ts";
import type { World } from "../world.ts";

/** Calls after which something may be due. */
const CHANGES = new Set<keyof LedgerCalls>(["acceptChunk", "retryJob", "patchGate", "cancelRun", "settle"]);
/** Accepted work is under way by then, while the gate lets it. */
const SENT_WITHIN_MS = 1_000;
/** A send or a put that failed is tried again within this. */
const TROUBLE_MS = 15_000;
/** The edge knows by then which lanes are closed. */
const PUBLISHED_WITHIN_MS = 2_000;
/** Of the gate's forty slots; the world has four keys. */
const FEW_SLOTS = 10;

/** The world as its judges look at it. */
export type JudgedWorld = World & {
  /** Something that delays work was done to it: judge nothing before, Unix ms. */
  readonly troubleUntil: number;
};

/** As much of the gate's document as is judged here. */
interface GateDocument {
  paused: string[];
  breaker: { state: string };
  throttledUntil: number;
  tat: number;
}

/**
 * What follows a change follows at once: the alarm, which would do it too some seconds later, is only the safety net. Nothing is said
 * of moments in which the weather or the gate gave a reason to wait.
 */
export class Promptness {
  readonly #world: JudgedWorld;
  readonly #violation: (text: string) => void;
  #looking = false;
  #gateSays = JSON.stringify([[], "closed"]);
  #gateMoves = 0;
  /** When the gate file was last written. */
  #publishedAt = 0;

  constructor(world: JudgedWorld, violation: (text: string) => void) {
    this.#world = world;
    this.#violation = violation;
  }

  heard(call: keyof LedgerCalls): void {
    if (!CHANGES.has(call)) return;
    const { clock, sql } = this.#world;
    const since = clock.now();
    // Whoever asks for a locked image waits, after the purge's end for the alarm.
    const locked = sql.exec("SELECT 1 FROM images WHERE purging_until > ?", since).length > 0;
    if (!this.#looking && !locked) {
      this.#looking = true;
      clock.after(SENT_WITHIN_MS, () => {
        this.#looking = false;
        this.#checkSent(since);
      });
    }
    this.#watchGate();
  }

  /** Whether it closes something else than before; then the edge must soon know, unless it moves again. */
  #watchGate(): void {
    const { clock } = this.#world;
    const { paused, breaker } = this.#gate();
    const says = JSON.stringify([paused, breaker.state]);
    if (says === this.#gateSays) return;
    this.#gateSays = says;
    this.#gateMoves += 1;
    const [since, move] = [clock.now(), this.#gateMoves];
    clock.after(PUBLISHED_WITHIN_MS, () => {
      // A change that comes while the gate file is written waits for the alarm, here and below.
      if (move === this.#gateMoves && this.#publishedAt < since) this.#checkPublished(since);
    });
  }

  putLanded(key: string): void {
    if (key === GATE_KEY) this.#publishedAt = this.#world.clock.now();
  }

  /** Rows that were due before and that nobody has touched since. */
  #checkSent(since: number): void {
    const { sql, clock } = this.#world;
    const { paused, breaker, throttledUntil, tat } = this.#gate();
    if (this.#mayBeLate(since) || paused.length > 0 || breaker.state === "open") return;
    if (this.#publishedAt >= since - SENT_WITHIN_MS) return;
    const slots = sql.exec(
      "SELECT (SELECT count(*) FROM jobs WHERE granted > 0 AND state < 3) + (SELECT count(*) FROM abandoned) AS n",
    )[0];
    if (Number(slots?.n) > FEW_SLOTS || Math.max(throttledUntil, tat) > since) return;
    const waiting = sql.exec(
      `SELECT key FROM jobs WHERE owner IS NULL AND state < 3 AND granted = 0 AND due <= ?1 AND hold <= ?2 AND updated <= ?1
        AND crashes = 0`,
      since,
      clock.now(),
    );
    for (const { key } of waiting) this.#violation(`${key} is due and was not sent within a second (P1)`);
  }

  #checkPublished(since: number): void {
    if (!this.#mayBeLate(since)) this.checkGate(`${PUBLISHED_WITHIN_MS} ms after a change`);
  }

  /** The gate file says what the gate says; none says that all is open. Of a breaker nothing is said: it opens and closes by time. */
  checkGate(when: string): void {
    const { paused, breaker } = this.#gate();
    if (breaker.state === "open") return;
    const file = this.#world.store.objects.get(GATE_KEY);
    const said = file === undefined ? null : parseGate(new TextDecoder().decode(file.bytes));
    const told = [...(said?.closed ?? [])].sort().join();
    const closed = paused.toSorted().join();
    if (told !== closed)
      this.#violation(`the edge is told "${told}" is closed, the gate closes "${closed}", ${when} (P8)`);
  }

  /** The object was born since, or the weather has touched what it does. */
  #mayBeLate(since: number): boolean {
    return this.#world.object.bornAt >= since || this.#world.troubleUntil >= since - TROUBLE_MS;
  }

  #gate(): GateDocument {
    const body = this.#world.sql.exec("SELECT body FROM docs WHERE name = 'gate'")[0]?.body;
    const open = { paused: [], breaker: { state: "closed" }, throttledUntil: 0, tat: 0 };
    return body === undefined ? open : (JSON.parse(String(body)) as GateDocument);
  }
}
