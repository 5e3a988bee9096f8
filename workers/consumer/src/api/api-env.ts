import type { Caller } from "./access/caller.ts";

/** Hono's environment: what the guard leaves for the routes. */
export interface ApiEnv {
  Variables: { caller: Caller };
}
