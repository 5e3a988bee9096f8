import * as z from "zod";
import type { CallTable } from "./call.ts";

export const troubleParams = z.object({ key: z.string().max(50).meta({ description: "`key` of a warning" }) });

export const Acknowledgement = z
  .strictObject({
    cause: z
      .string()
      .max(200)
      .optional()
      .meta({ description: "`cause` of the warning that you saw: another one is refused. Left out: any" }),
  })
  .meta({ id: "Acknowledgement" });

const done = { 204: [z.null(), "Done"] } as const;

export const troubleCalls = {
  "POST /api/v1/troubles/{key}/ack": {
    id: "acknowledgeTrouble",
    tag: "stats",
    may: "operator",
    summary: "Acknowledge a trouble: it is quiet until it changes",
    description: "A trouble is a warning of `/stats`. With `cause` only the trouble that you saw is acknowledged.",
    params: troubleParams,
    body: Acknowledgement,
    answers: done,
    refusals: {
      404: "No such trouble, or it is a fault of the configuration",
      409: "It has another cause than the one you saw",
    },
  },
  "DELETE /api/v1/troubles/{key}/ack": {
    id: "takeBackAcknowledgement",
    tag: "stats",
    may: "operator",
    summary: "Take an acknowledgement back",
    description: "The trouble is told again.",
    params: troubleParams,
    answers: done,
    refusals: { 404: "No such acknowledgement" },
  },
} as const satisfies CallTable;
