import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import { RECIPES } from "./recipes.ts";
import vectors from "./sns-vectors.json" with { type: "json" };

const KEY = readFileSync(`${import.meta.dirname}/sns-test-key.pem`, "utf8");

/** Made once: `openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=sns.amazonaws.com/O=Prewarm tests"`. */
export const CERTIFICATE = vectors.certificate;
/** The texts of AWS's page on signatures, signed by `openssl dgst -sha1` and `-sha256` with the test key. */
export const VECTORS: readonly SnsMessage[] = vectors.messages;

export const TOPIC = String(RECIPES.s3.verifier.topics[0]);
export const HOST = "https://sns.eu-central-1.amazonaws.com";
export const CERTIFICATE_URL = `${HOST}/SimpleNotificationService-0123456789abcdef.pem`;

export type SnsMessage = Record<string, string>;

const FIELDS = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/** A message with SNS's fields, signed as SNS signs; `version` 1: SHA-1, 2: SHA-256. */
export function snsMessage(fields: SnsMessage, version: "1" | "2" = "2"): SnsMessage {
  const message: SnsMessage = {
    Type: "Notification",
    MessageId: "m-1",
    TopicArn: TOPIC,
    Timestamp: "2026-11-24T11:59:59.123Z",
    Message: "",
    SigningCertURL: CERTIFICATE_URL,
    ...fields,
  };
  const lines = FIELDS.flatMap((name) => (message[name] === undefined ? [] : [name, message[name]]));
  const signer = createSign(version === "1" ? "RSA-SHA1" : "RSA-SHA256").update(`${lines.join("\n")}\n`);
  return { ...message, SignatureVersion: version, Signature: signer.sign(KEY, "base64") };
}

export const confirmation = (more: SnsMessage = {}): SnsMessage =>
  snsMessage({
    Type: "SubscriptionConfirmation",
    Token: "2336412f37f",
    Message: "You have chosen to subscribe.",
    SubscribeURL: `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37f`,
    ...more,
  });

/** AWS's host: the certificate, and the confirmation of subscriptions. `asked`: the addresses in order. */
export function fakeAws(answers: Record<string, () => Response | Promise<Response>> = {}) {
  const asked: string[] = [];
  const fetcher = (async (input: string, init?: RequestInit) => {
    asked.push(input);
    if (init?.redirect !== "manual" || init.signal === undefined) throw new Error("a fetch without bounds");
    const answer = Object.entries(answers).find(([start]) => input.startsWith(start))?.[1];
    if (answer !== undefined) return answer();
    if (input === CERTIFICATE_URL) return new Response(CERTIFICATE);
    if (input.startsWith(`${HOST}/?Action=ConfirmSubscription`)) return new Response("<ConfirmSubscriptionResponse/>");
    return new Response("no such file", { status: 404 });
  }) as unknown as typeof fetch;
  return { asked, fetch: fetcher };
}
