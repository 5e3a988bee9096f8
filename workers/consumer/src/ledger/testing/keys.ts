import type { Assignment, SqlRow } from "@prewarm/durable-queue";
import { keyOfJob } from "@prewarm/shared/variant-key";
import type { ExchangeAnswer } from "../calls.ts";

/** A job as the ledger gives it, and the key of its variant. */
export type KeyedAssignment = Assignment & { key: string };
type Ok = Extract<ExchangeAnswer, { status: "ok" }>;
/** What an exchange answers, each job with the key of its variant. */
export type KeyedAnswer = Omit<Ok, "give"> & { give: KeyedAssignment[] };

export function withKeys(answer: ExchangeAnswer): KeyedAnswer | Exclude<ExchangeAnswer, Ok> {
  if (answer.status !== "ok") return answer;
  return { ...answer, give: answer.give.map((given) => ({ ...given, key: keyOfJob(given) })) };
}

/** The key of the variant of a row of `jobs`. */
export function keyOfRow({ grp, part }: SqlRow): string {
  return keyOfJob({ group: String(grp), part: String(part) });
}
