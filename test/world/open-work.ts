import type { GateState, Sql } from "@prewarm/durable-queue";
import { LANES, type Lane } from "@prewarm/shared/job";
import { laneCode } from "../../workers/consumer/src/queue-settings.ts";

/** Whether anything in the ledger waits for a time, by its tables. */
export class OpenWork {
  readonly #sql: Sql;
  #seen = { changes: -1, isAny: false };

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Something that no operator has paused is open, or becomes due. */
  get isAny(): boolean {
    const changes = Number(this.#sql.exec("SELECT total_changes() AS n")[0]?.n);
    if (changes !== this.#seen.changes) this.#seen = { changes, isAny: this.#look() };
    return this.#seen.isAny;
  }

  /** Lanes that are paused without an end, as a JSON list of their codes: what waits in them needs no alarm. */
  pausedLanes(): string {
    return JSON.stringify(this.#paused().map(laneCode));
  }

  #paused(): Lane[] {
    const gate = this.#sql.exec("SELECT body FROM docs WHERE name = 'gate'")[0];
    const { pauses } = JSON.parse(String(gate?.body ?? '{"pauses":{}}')) as Pick<GateState, "pauses">;
    return LANES.filter((lane) => pauses[lane]?.until === null);
  }

  #look(): boolean {
    const said = String(this.#sql.exec("SELECT body FROM docs WHERE name = 'gate-said'")[0]?.body || "[[]]");
    const [closed] = JSON.parse(said) as [Lane[]];
    const paused = this.#paused();
    if (closed.some((lane) => !paused.includes(lane))) return true;
    const found = this.#sql.exec(
      `SELECT EXISTS (SELECT 1 FROM jobs WHERE state < 2 AND lane NOT IN (SELECT value FROM json_each(?1)))
        OR EXISTS (SELECT 1 FROM owners) OR EXISTS (SELECT 1 FROM claims) OR EXISTS (SELECT 1 FROM sweeps)
        OR EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM runs WHERE cancel_cursor > 0)
        OR EXISTS (SELECT 1 FROM actions WHERE state = 'running') AS has`,
      this.pausedLanes(),
    );
    return found[0]?.has === 1;
  }
}
