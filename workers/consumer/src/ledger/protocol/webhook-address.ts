import type { HookStats } from "../contract.ts";
import { type HookState, writeHookState } from "../tables/hook-state.ts";
import type { Sql } from "../tables/sql.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Memory } from "./memory.ts";

/** After a refusal of the address, jobs are made without it for this long. */
const REFUSED_MS = 86_400_000;

/** Makes the address's token when webhooks are on for the first time. */
export function makeHookKey(sql: Sql, memory: Memory, newKey: () => string): void {
  if (memory.hookState !== null) return;
  memory.hookState = { key: newKey(), refusedAt: 0 };
  writeHookState(sql, memory.hookState);
}

/** The address that a job granted now is told to call, or null. It is the same for all jobs. The grant keeps it, so that every POST of a generation has the same body. */
export function webhookAddress({ config, memory, now }: LedgerTx): string | null {
  const { webhooks, publicUrl } = config.ittybit;
  const { hookState } = memory;
  if (webhooks === "off" || hookState === null || isRefused(hookState, now)) return null;
  return `${publicUrl}/ittybit/${hookState.key}`;
}

function isRefused({ refusedAt }: HookState, now: number): boolean {
  return refusedAt > 0 && now - refusedAt < REFUSED_MS;
}

export function hookStats({ config, memory, now }: LedgerTx): HookStats | null {
  const { pings, hookState } = memory;
  if (config.ittybit.webhooks === "off" || hookState === null) return null;
  return { ...pings, refusedAt: isRefused(hookState, now) ? hookState.refusedAt : null };
}

/** Ittybit refused the field: jobs that are granted from now on do without it. */
export function refuseHooks({ sql, memory, now }: LedgerTx): void {
  if (memory.hookState === null) return;
  memory.hookState = { ...memory.hookState, refusedAt: now };
  writeHookState(sql, memory.hookState);
}
