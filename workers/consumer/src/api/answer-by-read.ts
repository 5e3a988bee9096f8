import { type AnyCall, rowOf } from "@prewarm/control-schema/calls";
import { ApiError } from "@prewarm/shared/api-errors";
import type { AnsweringCalls } from "../ledger/ledger-for.ts";
import type { Answering, Asked } from "./endpoint.ts";

type Read = (given: object) => Promise<object | null>;

/** Answers a call by the read of the ledger that has the name of its operation. Null is 404, in the words of the table. */
export function answerByRead(name: AnyCall): Answering<never> {
  const { id, refusals } = rowOf(name);
  return async ({ params, query }: Asked<never>, { ledger }) => {
    const read = ledger[id as keyof AnsweringCalls] as Read;
    const found = await read({ ...(params as object), ...(query as object) });
    if (found === null) throw new ApiError("not_found", { detail: `${refusals?.[404] ?? "There is none"}.` });
    return found as never;
  };
}
