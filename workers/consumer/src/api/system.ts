import { z } from "@hono/zod-openapi";
import type { ApiDeps } from "./deps.ts";
import { open } from "./endpoint.ts";
import { answer } from "./schema-words.ts";

/** Whether it runs, and whether it is of use. */
export const system = [
  open(
    {
      method: "get",
      path: "/healthz",
      tags: ["system"],
      summary: "The Worker runs",
      security: [],
      responses: { 200: answer(z.object({ status: z.literal("ok") }), "It runs") },
    },
    (c) => c.json({ status: "ok" as const }, 200),
  ),
  open(
    {
      method: "get",
      path: "/readyz",
      tags: ["system"],
      summary: "The ledger answers, the configuration is whole and the Worker has what it needs",
      security: [],
      responses: {
        200: answer(z.object({ status: z.literal("ready") }), "Ready"),
        503: answer(z.object({ status: z.literal("not ready"), reasons: z.array(z.string()) }), "Not ready"),
      },
    },
    async (c, deps) => {
      const reasons = [
        ...deps.configFaults.map((fault) => `config: ${fault}`),
        ...deps.environmentFaults.map((fault) => `environment: ${fault}`),
        ...(await ledgerFault(deps)),
      ];
      if (reasons.length > 0) return c.json({ status: "not ready" as const, reasons }, 503);
      return c.json({ status: "ready" as const }, 200);
    },
  ),
];

/** For this long an isolate repeats whether the ledger answered, in ms: anybody may ask, and each question is a call. */
const REPEAT_MS = 1000;
const lately = new WeakMap<ApiDeps, { at: number; fault: Promise<string[]> }>();

function ledgerFault(deps: ApiDeps): Promise<string[]> {
  const now = deps.clock.now();
  const known = lately.get(deps);
  if (known !== undefined && now - known.at < REPEAT_MS) return known.fault;
  const fault = askLedger(deps);
  lately.set(deps, { at: now, fault });
  return fault;
}

async function askLedger({ ledger }: ApiDeps): Promise<string[]> {
  try {
    await ledger.getGate();
    return [];
  } catch {
    return ["The ledger does not answer."];
  }
}
