import type { Queue } from "@prewarm/durable-queue";
import { actionSlice } from "../../console/actions.ts";
import { nextSliceAt } from "../../console/tables/action-rows.ts";
import type { ImageTx } from "../../images/image-tx.ts";

/** Slices of actions without a rate come closer together than this. */
const SHORTLY_MS = 500;

/** Runs the slices of actions that are due now or shortly. Moves the clock by the pauses between. Answers how many. */
export function runActions(
  { transactions }: Pick<Queue<ImageTx>, "transactions">,
  advance: (ms: number) => void,
): number {
  const waitMs = () => transactions.read(({ sql, now }) => (nextSliceAt(sql) ?? Number.POSITIVE_INFINITY) - now);
  let slices = 0;
  for (let ms = waitMs(); ms <= SHORTLY_MS; ms = waitMs()) {
    advance(Math.max(0, ms));
    transactions.write(actionSlice);
    slices += 1;
  }
  return slices;
}
