import type { Config } from "@prewarm/shared/config";
import type { GateFile } from "@prewarm/shared/markers";
import type { WakeUp } from "@prewarm/shared/messages";
import { Engine, type EngineHost } from "../object/engine.ts";
import type { LedgerDeps } from "../object/ledger-deps.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import type { Sql } from "../tables/sql.ts";

/** What the ledger has done to the world, for a test to look at and to go on with by hand. */
export interface Done {
  sent: WakeUp[];
  /** Purges that were begun and wait for the test to end them. */
  purges: PurgeTask[];
  gates: GateFile[];
  logs: { event: string; fields: Record<string, unknown> | undefined }[];
  alarmAt: number | null;
}

const never = new Promise<never>(() => undefined);

/**
 * The real engine over a database, for tests of one call or step: what follows a change waits for ever (`sleep` never ends), so that
 * nothing happens but what the test asks for. Give `sleep` in `more` to let it happen.
 */
export function testEngine(
  sql: Sql,
  site: { config: Config; clock: { now(): number; random(): number } },
  more: Partial<LedgerDeps> = {},
): { engine: Engine; deps: LedgerDeps; done: Done } {
  const done: Done = { sent: [], purges: [], gates: [], logs: [], alarmAt: null };
  const deps: LedgerDeps = {
    ...site,
    log: (event, fields) => done.logs.push({ event, fields }),
    newLedgerId: () => "test",
    sleep: () => never,
    send: async (messages) => void done.sent.push(...messages.map(({ body }) => body)),
    collect: async () => ({ notBefore: null }),
    purge: (task) => {
      done.purges.push(task);
      return never;
    },
    publishGate: async (file) => void done.gates.push(file),
    ...more,
  };
  const host: EngineHost = {
    storage: {
      getAlarm: async () => done.alarmAt,
      setAlarm: async (at) => {
        done.alarmAt = Number(at);
      },
    },
    waitUntil: () => undefined,
  };
  return { engine: new Engine(sql, deps, host), deps, done };
}
