import type { Sql } from "@prewarm/durable-queue/schema/sql";
import { type HookState, readHookState } from "./tables/hook-state.ts";

/** What this instance knows of Ittybit's webhooks. */
export class CallbackMemory {
  /** Null while webhooks have never been on. */
  state: HookState | null;
  /** Webhooks by the effect that they had. */
  readonly pings = { woke: 0, unknown: 0, refused: 0 };

  constructor(sql: Sql) {
    this.state = readHookState(sql);
  }
}
