import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import type { Sql } from "@prewarm/durable-queue/schema/sql";

/** The document `hooks`, for Ittybit's webhooks. */
export interface HookState {
  /** The token of the one address that all jobs are told to call: 32 bytes in base64url, made once. */
  key: string;
  /** When Ittybit refused a job because of such an address, Unix ms; 0: never. */
  refusedAt: number;
}

/** Null while webhooks have never been on. */
export function readHookState(sql: Sql): HookState | null {
  const body = getDoc(sql, "hooks");
  return body === null ? null : (JSON.parse(body) as HookState);
}

export function writeHookState(sql: Sql, state: HookState): void {
  putDoc(sql, "hooks", JSON.stringify(state));
}
