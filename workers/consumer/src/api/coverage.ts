import type { Resource } from "./endpoint.ts";

export const coverage = {
  "PUT /api/v1/coverage/{name}": async ({ params: { name }, body, caller }, { ledger }) => ({
    name,
    at: await ledger.keepReport(name, body, caller.who),
  }),
} satisfies Resource;
