import type { HookStats } from "../contract.ts";
import { type HookState, writeHookState } from "../tables/hook-state.ts";
import type { Sql } from "../tables/sql.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Memory } from "./memory.ts";

/** A service that has refused the address is told one again after this long. */
const REFUSED_MS = 86_400_000;

/** The addresses' key, made when webhooks are on for the first time. */
export function makeHookKey(sql: Sql, memory: Memory, newKey: () => string): void {
  if (memory.hookState !== null) return;
  memory.hookState = { key: newKey(), refusedAt: 0 };
  writeHookState(sql, memory.hookState);
}

/** What a job that is granted now is told to call: it stays as it is for all of its POSTs, whatever becomes of the setting. Null: nothing. */
export function hookUrlNow({ config, memory, now }: LedgerTx): string | null {
  const { webhooks, publicUrl } = config.ittybit;
  const { hookState } = memory;
  return webhooks === "off" || hookState === null || isRefused(hookState, now) ? null : publicUrl;
}

function isRefused({ refusedAt }: HookState, now: number): boolean {
  return refusedAt > 0 && now - refusedAt < REFUSED_MS;
}

export function hookStats({ config, memory, now }: LedgerTx): HookStats | null {
  const { hooks, hookState } = memory;
  if (config.ittybit.webhooks === "off" || hookState === null) return null;
  const refusedAt = isRefused(hookState, now) ? hookState.refusedAt : null;
  return { ...hooks.counts, proven: hooks.proof.isProven(now), refusedAt };
}

/** Ittybit knows no such field: jobs granted from now on do without. */
export function refuseHooks({ sql, memory, now }: LedgerTx): void {
  if (memory.hookState === null) return;
  memory.hookState = { ...memory.hookState, refusedAt: now };
  writeHookState(sql, memory.hookState);
}
