import type { ClaimAnswer, Outcome, Settled, Submitted, WakeUpKeys } from "../ledger/api.ts";

/** A message that could not be used, kept whole so that it can be looked at and sent again. */
export interface DeadMessage {
  queue: string;
  /** The platform's message id: recording the same one twice changes nothing. */
  messageId: string;
  /** The body as JSON text, cut to a bounded length. */
  body: string;
  reason: string;
  /** When it was sent, Unix ms. */
  at: number;
  attempts: number;
}

/**
 * What a batch's handler asks of the Ledger. Every call takes arrays and may be repeated with the same owner; every call
 * of an owner that is answered renews its lease by LEASE_MS, counted from before the call.
 */
export interface LedgerPort {
  claim(owner: string, wakeUps: WakeUpKeys[]): Promise<ClaimAnswer>;
  renew(owner: string): Promise<"ok" | "lost">;
  /** By key: `stop` to one who no longer owns the row or whose row has an intent. */
  submitted(owner: string, jobs: Submitted[]): Promise<Record<string, "go" | "stop">>;
  settle(owner: string, outcomes: Record<string, Outcome>): Promise<Record<string, Settled>>;
  /** Ittybit's ids of jobs seen to have ended; unknown ids are ignored. */
  observeEnded(jobs: string[]): Promise<void>;
  recordDead(messages: DeadMessage[]): Promise<void>;
}
