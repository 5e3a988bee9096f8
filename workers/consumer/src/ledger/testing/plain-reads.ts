import { type AnyCall, CALLS, type CallName, type Calls, rowOf } from "@prewarm/control-schema/calls";
import { ANSWERS, type AnsweringRead } from "../reads.ts";

/** The reads that answer a call without parameters. Tests make them by the table, with a query that names nothing. */
export type PlainRead = {
  [C in CallName]: Calls[C] extends { params: unknown } ? never : Extract<Calls[C]["id"], AnsweringRead>;
}[CallName];

/** Something for each of them, made of its query. */
export function ofPlainReads<T>(make: (name: PlainRead, given: never) => T): Record<PlainRead, T> {
  const plain = (Object.keys(CALLS) as AnyCall[]).flatMap((call) => {
    const { id, params, query } = rowOf(call);
    const given = () => (query?.parse({}) ?? {}) as never;
    return id in ANSWERS && params === undefined ? [[id, make(id as PlainRead, given())] as const] : [];
  });
  return Object.fromEntries(plain) as Record<PlainRead, T>;
}
