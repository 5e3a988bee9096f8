import type { ControlLedger } from "../../api/ledger-port.ts";

/** The one RPC through which every call of the port goes. */
export interface ControlRpc {
  control(name: string, args: unknown[]): Promise<unknown>;
}

/**
 * The port over the Durable Object. A stub belongs to the request that made it, while the API is made once per isolate: so each call
 * takes a new one. Foreign code never reaches the other end: both are this Worker.
 */
export function controlLedger(stub: () => ControlRpc): ControlLedger {
  const handler: ProxyHandler<ControlLedger> = {
    get: (_, name) =>
      typeof name === "string" && name !== "then" ? (...args: unknown[]) => stub().control(name, args) : undefined,
  };
  return new Proxy({} as ControlLedger, handler);
}
