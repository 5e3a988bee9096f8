import type { QueueHost, Sql } from "@prewarm/durable-queue";
import type { Config } from "@prewarm/shared/config";
import type { GateFile } from "@prewarm/shared/markers";
import { Ledger } from "../ledger.ts";
import type { LedgerDeps } from "../ledger-deps.ts";
import { type DirectLedger, directCalls } from "./direct-calls.ts";

/** What the ledger has done to the world, for a test to look at and to go on with by hand. */
export interface Done {
  /** Wake-ups sent. */
  sent: number;
  gates: GateFile[];
  /** Texts of the changes object. */
  changes: string[];
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
): { engine: DirectLedger; deps: LedgerDeps; done: Done; host: QueueHost } {
  const done: Done = { sent: 0, gates: [], changes: [], logs: [], alarmAt: null };
  const deps: LedgerDeps = {
    ...site,
    log: (event, fields) => done.logs.push({ event, fields }),
    controlUrl: "https://control.example",
    version: { id: "version-0", tag: "0f0f0f0" },
    newQueueId: () => "test",
    sleep: () => never,
    within: (work) => work,
    send: async (wakeUps) => {
      done.sent += wakeUps;
    },
    watchExternalJobs: () => ({ keepRunning: () => null }),
    sweep: async () => [],
    listBlocks: async () => [],
    putChanges: async (next) => void done.changes.push(next() ?? ""),
    deliver: async () => ({ status: 204, said: "" }),
    publishGate: async (file) => void done.gates.push(file),
    ...more,
  };
  const host: QueueHost = {
    storage: {
      getAlarm: async () => done.alarmAt,
      setAlarm: async (at) => {
        done.alarmAt = Number(at);
      },
      deleteAlarm: async () => {
        done.alarmAt = null;
      },
    },
    waitUntil: () => undefined,
  };
  return { engine: directCalls(new Ledger(sql, deps, host)), deps, done, host };
}
