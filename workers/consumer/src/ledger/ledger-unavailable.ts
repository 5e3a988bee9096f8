/** The Ledger gave no answer within the time a caller waits for it. What was asked may have happened all the same. */
export class LedgerUnavailable extends Error {
  constructor(call: string, cause: unknown) {
    super(`the ledger did not answer ${call}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
