import { openapiDocument } from "../openapi-document.ts";
import type { Registrar } from "../registrar.ts";
import { auditRoute } from "../schemas/audit.ts";
import { healthzRoute, openapiRoute, readyzRoute } from "../schemas/system.ts";

/** Health, readiness, the document, the audit log. */
export const registerSystem: Registrar = (app, deps) => {
  app.openapi(healthzRoute, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(readyzRoute, async (c) => {
    const reasons = [...deps.configFaults.map((fault) => `config: ${fault}`), ...(await ledgerFault())];
    if (reasons.length > 0) return c.json({ status: "not ready" as const, reasons }, 503);
    return c.json({ status: "ready" as const }, 200);
  });
  app.openapi(openapiRoute, (c) => c.json(openapiDocument() as Record<string, unknown>, 200));
  app.openapi(auditRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const { entries, next } = await deps.ledger.listAudit({ limit, cursor: cursor ?? null });
    return c.json({ entries, nextCursor: next }, 200);
  });

  async function ledgerFault(): Promise<string[]> {
    try {
      await deps.ledger.getGate();
      return [];
    } catch {
      return ["The ledger does not answer."];
    }
  }
};
