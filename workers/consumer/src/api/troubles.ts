import { ApiError } from "@prewarm/shared/api-errors";
import type { Resource } from "./endpoint.ts";
import { statsAnswer } from "./stats.ts";

export const troubles = {
  "GET /api/v1/troubles": async (_, deps) => {
    const { at, health, troubles: all } = await statsAnswer(deps);
    return { at, health, troubles: all };
  },
  "GET /api/v1/troubles/{key}": async ({ params: { key } }, deps) => {
    const found = (await statsAnswer(deps)).troubles.find((one) => one.key === key);
    if (found === undefined) throw new ApiError("not_found", { detail: "No such trouble now." });
    return found;
  },
  "POST /api/v1/troubles/{key}/ack": async ({ params: { key }, body: { cause = null }, caller }, { ledger }) => {
    const result = await ledger.acknowledge(key, cause, caller.who);
    if (result === "none")
      throw new ApiError("not_found", { detail: "No such trouble now, or it is a fault of the configuration." });
    if (result === "changed")
      throw new ApiError("conflict", { detail: "It has another cause by now: look again, then acknowledge that." });
    return null;
  },
  "DELETE /api/v1/troubles/{key}/ack": async ({ params: { key }, caller }, { ledger }) => {
    if (!(await ledger.takeBack(key, caller.who)))
      throw new ApiError("not_found", { detail: "Nobody has acknowledged this, or it has changed since." });
    return null;
  },
} satisfies Resource;
