import { z } from "@hono/zod-openapi";
import type { CodeVersion } from "../ledger/contract.ts";
import type { ApiDeps } from "./deps.ts";
import { open } from "./endpoint.ts";
import { answer, codeVersion } from "./schema-words.ts";

const versions = {
  version: codeVersion
    .nullable()
    .openapi({ description: "The deployed version of the consumer; null where the platform tells none" }),
  ledger: codeVersion
    .nullable()
    .openapi({ description: "The version that the ledger runs: after a deploy it may still be the one before" }),
};

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
        200: answer(z.object({ status: z.literal("ready"), ...versions }), "Ready"),
        503: answer(
          z.object({ status: z.literal("not ready"), ...versions, reasons: z.array(z.string()) }),
          "Not ready",
        ),
      },
    },
    async (c, deps) => {
      const { version: ledger, faults } = await ledgerNow(deps);
      const reasons = [
        ...deps.configFaults.map((fault) => `config: ${fault}`),
        ...deps.environmentFaults.map((fault) => `environment: ${fault}`),
        ...faults,
      ];
      const versions = { version: deps.version, ledger };
      if (reasons.length > 0) return c.json({ status: "not ready" as const, ...versions, reasons }, 503);
      return c.json({ status: "ready" as const, ...versions }, 200);
    },
  ),
];

/** For this long an isolate repeats whether the ledger answered, in ms: anybody may ask, and each question is a call. */
const REPEAT_MS = 1000;
interface LedgerNow {
  version: CodeVersion | null;
  faults: string[];
}

const lately = new WeakMap<ApiDeps, { at: number; said: Promise<LedgerNow> }>();

function ledgerNow(deps: ApiDeps): Promise<LedgerNow> {
  const now = deps.clock.now();
  const known = lately.get(deps);
  if (known !== undefined && now - known.at < REPEAT_MS) return known.said;
  const said = askLedger(deps);
  lately.set(deps, { at: now, said });
  return said;
}

async function askLedger({ ledger }: ApiDeps): Promise<LedgerNow> {
  try {
    return { version: (await ledger.about()).version, faults: [] };
  } catch {
    return { version: null, faults: ["The ledger does not answer."] };
  }
}
