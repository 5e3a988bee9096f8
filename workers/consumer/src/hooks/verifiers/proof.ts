import type { VerifierConfig } from "@prewarm/shared/config";

/** What a verifier looks at: the bytes as they came, before any mapper reads them. */
export interface Delivery {
  headers: Headers;
  raw: Uint8Array<ArrayBuffer>;
  /** The address that was called. */
  url: string;
  /** Unix ms. */
  now: number;
}

/** Null: no valid proof. */
export type Proof = null | {
  /** The sender's own id of the delivery. Null: it has none, or does not sign it. */
  id: string | null;
  /** The text that is proven, where it is a part of the body. */
  body?: string;
  /** The sender speaks of its subscription, and of no image. */
  subscription?: Subscription;
};

export interface Subscription {
  topic: string;
  /** Opening this address confirms the subscription. Null: it has ended. */
  confirmUrl: string | null;
}

export type SettingsOf<Kind> = Extract<VerifierConfig, { kind: Kind }>;

/** An id of a delivery: printable ASCII. */
export const DELIVERY_ID = /^[\x21-\x7e]{1,256}$/;
/** Clocks and retries may differ from ours by this. */
export const TOLERANCE_MS = 300_000;
