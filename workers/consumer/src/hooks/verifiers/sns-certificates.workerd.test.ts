import { expect, it } from "vitest";
import { fromBase64 } from "../../platform/base64.ts";
import vectors from "../testing/sns-vectors.json" with { type: "json" };
import { keysOf, type SignatureVersion } from "./sns-certificates.ts";

const TOPIC = "arn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P";
const SIGNED = `Message\nMy Test Message\nMessageId\n4d4dc071-ddbf-465d-bba8-08f81c89da64\nSubject\nMy subject\nTimestamp\n2019-01-31T04:37:04.321Z\nTopicArn\n${TOPIC}\nType\nNotification\n`;

it.each(vectors.messages.slice(0, 2))("the runtime verifies signature version $SignatureVersion", async (message) => {
  const key = (await keysOf(vectors.certificate))?.[message.SignatureVersion as SignatureVersion];
  const signature = fromBase64(message.Signature);
  if (key === undefined || signature === null) throw new Error("no key or no signature");
  const verify = (text: string) =>
    crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, signature, new TextEncoder().encode(text));
  expect([await verify(SIGNED), await verify(`${SIGNED} `)]).toEqual([true, false]);
});
