import { EdgePurge, EdgePurgeRequest } from "@prewarm/control-schema/edge-cache";
import { ApiError } from "@prewarm/shared/api-errors";
import { acting } from "./endpoint.ts";
import { answer, jsonBody, refusal, refusals } from "./responses.ts";

export const edgeCache = [
  acting("purge")(
    {
      method: "post",
      path: "/api/v1/edge-cache/purge",
      tags: ["images"],
      summary: "End the edge's copies: all of them, or those of signed URLs",
      description: "Variants stay in R2. The stats tell when the cache has taken it.",
      request: { body: jsonBody(EdgePurgeRequest) },
      responses: {
        202: answer(EdgePurge, "It is due"),
        ...refusals,
        409: refusal('`edgeCache` is not "workers", so no call reaches the copies'),
      },
    },
    async (c, { ledger }) => {
      const { of } = c.req.valid("json");
      if (!(await ledger.purgeEdge(of, c.get("caller").who)))
        throw new ApiError("conflict", { detail: 'edgeCache is not "workers": copies end after cacheSeconds.' });
      return c.json({ of }, 202);
    },
  ),
];
