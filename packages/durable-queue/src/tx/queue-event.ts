/**
 * Something that happens to a job (`QueueTx.onEvent`). `admittedAt`: when its external job was admitted, Unix ms. That
 * day's (UTC) budget pays for it.
 */
export type QueueEvent =
  /** It is ordered: a new job, or one that had ended. */
  | { kind: "accepted" }
  /** It has a slot, and may be POSTed. */
  | { kind: "admitted"; admittedAt: number }
  /** It takes over an external job from before a restore. The budget counts that as an admission. */
  | { kind: "adopted"; admittedAt: number }
  /** Its admission was taken back, because no external job was made. */
  | { kind: "refunded"; admittedAt: number }
  /** Its admission stays paid, and has stored nothing. `why`: the code of the failure, or what became of the job. */
  | { kind: "wasted"; admittedAt: number; why: string }
  /** An attempt failed. */
  | { kind: "failed" }
  /** It is a dead letter. */
  | { kind: "dead" }
  /** It cannot be made. */
  | { kind: "refused" }
  | { kind: "cancelled" }
  /**
   * It is done, and its row goes. `gen`: the generation that is done. `admittedAt` 0: it was not admitted, or that is
   * not known. `isPaid`: an admission stays paid. `isFound`: the result was there already. `tookMs` and `result`: as the
   * handler reported.
   */
  | {
      kind: "done";
      gen: number;
      admittedAt: number;
      isPaid: boolean;
      isFound: boolean;
      tookMs: number | null;
      result: unknown;
    }
  /** The service answered 429. This is about no job. */
  | { kind: "throttled" };
