import { getDoc, putDoc } from "./docs.ts";
import type { Sql } from "./sql.ts";

/** What the ledger keeps for Ittybit's webhooks. */
export interface HookState {
  /** Of the addresses, 32 bytes in base64url: made once and never replaced, for an address is part of the body that a key stands for. */
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
