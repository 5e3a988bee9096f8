/** A message of the conformance queue, and what the consumer is to do with it. */
export interface MessageOrder {
  /** The Durable Object that notes the arrival. */
  test: string;
  n: number;
  act: "ack" | "retry once";
  /** How long the handler holds its batch. */
  holdMs?: number;
  delaySeconds?: number;
  /** Makes the message this much longer. */
  padding?: number;
}

/** A message that reached the consumer. */
export interface Arrival {
  n: number;
  id: string;
  attempts: number;
  /** Milliseconds since the message was sent. */
  afterMs: number;
  /** Messages in the batch it came with. */
  batch: number;
}
