import { AppError } from "@prewarm/shared/errors";
import { snsHost } from "@prewarm/shared/sns-topic";
import * as z from "zod";
import { fromBase64 } from "../../platform/base64.ts";
import { parseBody } from "../../platform/request-body.ts";
import { DELIVERY_ID, type Delivery, type Proof, type SettingsOf, type Subscription, TOLERANCE_MS } from "./proof.ts";
import type { SnsCertificates } from "./sns-certificates.ts";

/*
 * Amazon SNS signs fields of its JSON (docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages", read 2026-11): names and
 * values, each on a line, in the order below; RSA with SHA-1 (version 1) or SHA-256 (version 2). The certificate lies on the host of the
 * topic's region. So the body is parsed before its proof; nothing else is done with it.
 */

const SIGNED = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const;

/** Without line breaks, so that a signed text can be divided into its fields in one way only. `Message` comes first and may have them. */
const line = z.string().regex(/^[^\p{Cc}]*$/u);

const messageSchema = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string().regex(DELIVERY_ID),
  TopicArn: line,
  Subject: line.nullish(),
  Message: z.string(),
  Timestamp: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/),
  SubscribeURL: line.optional(),
  Token: line.optional(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.string().max(2048),
  SigningCertURL: z.string().max(500),
});
type Message = z.infer<typeof messageSchema>;

/**
 * The age of a message, in ms. SNS repeats a message for at most an hour (its hard limit), and holds back what a throttled subscription
 * cannot take. A repeat is recognised by its signed id for 14 days, so a day loses nothing and lets nothing happen twice.
 */
const MAX_AGE_MS = 24 * 3_600_000;

/** Throws `unavailable` when the certificate cannot be read. */
export async function verifySns(
  { raw, now }: Delivery,
  { topics }: SettingsOf<"sns">,
  certificates: SnsCertificates,
): Promise<Proof> {
  const message = readMessage(raw);
  if (message === null || !topics.includes(message.TopicArn)) return null;
  const host = snsHost(message.TopicArn);
  const signature = fromBase64(message.Signature);
  if (host === null || signature === null || !isFresh(message.Timestamp, now)) return null;
  if (!isCertificateOf(host, message.SigningCertURL)) return null;
  const key = await certificates.keyOf(message.SigningCertURL, message.SignatureVersion, now);
  const signed = new TextEncoder().encode(signedText(message));
  if (key === null || !(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, signature, signed))) return null;
  if (message.Type === "Notification") return { id: message.MessageId, body: message.Message };
  const subscription = subscriptionOf(message, host);
  return subscription === null ? null : { id: message.MessageId, subscription };
}

function readMessage(raw: Uint8Array<ArrayBuffer>): Message | null {
  try {
    const parsed = messageSchema.safeParse(
      parseBody(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw)),
    );
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof AppError || error instanceof TypeError) return null;
    throw error;
  }
}

function isFresh(timestamp: string, now: number): boolean {
  const age = now - Date.parse(timestamp);
  return age <= MAX_AGE_MS && age >= -TOLERANCE_MS;
}

/** Compared as text, so that no part of an address can hide: a user, a port, a query, a longer host. */
function isCertificateOf(host: string, url: string): boolean {
  const base = `https://${host}/`;
  return url.startsWith(base) && /^[A-Za-z0-9._-]{1,200}\.pem$/.test(url.slice(base.length));
}

export function signedText(message: Message): string {
  const names: readonly (keyof Message)[] = SIGNED[message.Type];
  const lines = names.flatMap((name) => {
    const value = message[name];
    return value === undefined || value === null ? [] : [name, value];
  });
  return `${lines.join("\n")}\n`;
}

function isGiven(given: readonly [string, string][], name: string, wanted: string | undefined): boolean {
  return given.some(([other, value]) => other === name && value === wanted);
}

/** Null: the address does something else than confirm this subscription. */
function subscriptionOf({ Type, TopicArn, Token, SubscribeURL }: Message, host: string): Subscription | null {
  if (Type === "UnsubscribeConfirmation") return { topic: TopicArn, confirmUrl: null };
  const base = `https://${host}/?`;
  if (Token === undefined || SubscribeURL === undefined || !SubscribeURL.startsWith(base)) return null;
  const given = [...new URLSearchParams(SubscribeURL.slice(base.length))];
  const wanted: Record<string, string> = { Action: "ConfirmSubscription", TopicArn, Token };
  const isRight = given.length === 3 && Object.keys(wanted).every((name) => isGiven(given, name, wanted[name]));
  return isRight ? { topic: TopicArn, confirmUrl: SubscribeURL } : null;
}
