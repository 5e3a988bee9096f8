import type { Sql } from "@prewarm/durable-queue/schema/sql";
import type { Config } from "@prewarm/shared/config";
import type { CallbackMemory } from "./callback-memory.ts";
import type { HookStats } from "./contract.ts";
import { type HookState, writeHookState } from "./tables/hook-state.ts";

/** After a refusal of the address, jobs are made without it for this long. */
const REFUSED_MS = 86_400_000;

/** What these rules read of a transaction. */
interface Site {
  sql: Sql;
  config: Config;
  callbacks: CallbackMemory;
  /** Unix ms. */
  now: number;
}

/** Makes the address's token when webhooks are on for the first time. */
export function makeHookKey({ sql, callbacks }: Site, newKey: () => string): void {
  if (callbacks.state !== null) return;
  callbacks.state = { key: newKey(), refusedAt: 0 };
  writeHookState(sql, callbacks.state);
}

/** The address that a job granted now is told to call, or null. It is the same for all jobs. The grant keeps it, so that every POST of a generation has the same body. */
export function webhookAddress({ config, callbacks, now }: Site): string | null {
  const { webhooks, publicUrl } = config.ittybit;
  const hookState = callbacks.state;
  if (webhooks === "off" || hookState === null || isRefused(hookState, now)) return null;
  return `${publicUrl}/ittybit/${hookState.key}`;
}

function isRefused({ refusedAt }: HookState, now: number): boolean {
  return refusedAt > 0 && now - refusedAt < REFUSED_MS;
}

export function hookStats({ config, callbacks, now }: Site): HookStats | null {
  const { pings, state: hookState } = callbacks;
  if (config.ittybit.webhooks === "off" || hookState === null) return null;
  return { ...pings, refusedAt: isRefused(hookState, now) ? hookState.refusedAt : null };
}

/** Ittybit refused the field: jobs that are granted from now on do without it. */
export function refuseHooks({ sql, callbacks, now }: Site): void {
  if (callbacks.state === null) return;
  callbacks.state = { ...callbacks.state, refusedAt: now };
  writeHookState(sql, callbacks.state);
}
