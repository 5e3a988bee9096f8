import type { Resource } from "./endpoint.ts";

export const audit = {
  "GET /api/v1/audit": async ({ query: { limit, cursor = null, search = "", from, to } }, { ledger }) => {
    const { entries, next } = await ledger.listAudit({
      ...{ limit, cursor, search },
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
    return { entries, nextCursor: next };
  },
} satisfies Resource;
