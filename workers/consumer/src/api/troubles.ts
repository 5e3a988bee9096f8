import { Acknowledgement, troubleParams } from "@prewarm/control-schema/troubles";
import { ApiError } from "@prewarm/shared/api-errors";
import { operator } from "./endpoint.ts";
import { jsonBody, refusal, refusals } from "./responses.ts";

const path = "/api/v1/troubles/{key}/ack";
const done = { 204: { description: "Done" } };

export const troubles = [
  operator(
    {
      method: "post",
      path,
      tags: ["stats"],
      summary: "Acknowledge a trouble: it is quiet until it changes",
      request: { params: troubleParams, body: jsonBody(Acknowledgement) },
      responses: {
        ...{ ...done, ...refusals, 404: refusal("No such trouble, or it is a fault of the configuration") },
        409: refusal("It has another cause than the one you saw"),
      },
    },
    async (c, { ledger }) => {
      const { key } = c.req.valid("param");
      const result = await ledger.acknowledge(key, c.req.valid("json").cause ?? null, c.get("caller").who);
      if (result === "none")
        throw new ApiError("not_found", { detail: "No such trouble now, or it is a fault of the configuration." });
      if (result === "changed")
        throw new ApiError("conflict", { detail: "It has another cause by now: look again, then acknowledge that." });
      return c.body(null, 204);
    },
  ),
  operator(
    {
      method: "delete",
      path,
      tags: ["stats"],
      summary: "Take an acknowledgement back",
      request: { params: troubleParams },
      responses: { ...done, ...refusals, 404: refusal("No such acknowledgement") },
    },
    async (c, { ledger }) => {
      const { key } = c.req.valid("param");
      if (!(await ledger.takeBack(key, c.get("caller").who)))
        throw new ApiError("not_found", { detail: "Nobody has acknowledged this, or it has changed since." });
      return c.body(null, 204);
    },
  ),
];
