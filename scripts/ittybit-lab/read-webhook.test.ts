import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BODY_MAX_BYTES } from "../../packages/shared/src/limits.ts";
import { isSigned, jobIn } from "./read-webhook.ts";

const SECRET = "the-webhook-secret";
const bytesOf = (text: string) => Uint8Array.from(new TextEncoder().encode(text));
const sign = (text: string, secret = SECRET) => createHmac("sha256", secret).update(text).digest("hex");
const DONE = JSON.stringify({ id: "job_1", status: "succeeded", output: "https://store.ittybit.net/1.webp" });

describe("a webhook's signature", () => {
  it.each<[string, string | null, string[], boolean]>([
    ["a right one", sign(DONE), [SECRET], true],
    ["a right one in capitals", sign(DONE).toUpperCase(), [SECRET], true],
    ["a right one of the second secret", sign(DONE), ["new", SECRET], true],
    ["another body's", sign(`${DONE} `), [SECRET], false],
    ["another secret's", sign(DONE, "x"), [SECRET], false],
    ["none", null, [SECRET], false],
    ["63 digits", sign(DONE).slice(1), [SECRET], false],
    ["text that is no hex", "z".repeat(64), [SECRET], false],
    ["one without a secret to know it by", sign(DONE), [], false],
    ["one of an empty secret", sign(DONE, ""), [""], false],
  ])("is right or wrong: %s", (_what, signature, secrets, isRight) => {
    const headers = new Headers(signature === null ? {} : { "Ittybit-Signature": signature });
    expect(isSigned(bytesOf(DONE), headers, secrets)).toBe(isRight);
  });
});

describe("a webhook's body", () => {
  const file = join(import.meta.dirname, "../../workers/consumer/test/fixtures/ittybit/webhooks.json");
  const { exchanges } = JSON.parse(readFileSync(file, "utf8")) as { exchanges: { path: string; body: unknown }[] };

  it.each(exchanges.map(({ path, body }) => [path, JSON.stringify(body)]))(
    "names its job as %s shows it: %s",
    (_, text) => {
      expect(jobIn(bytesOf(text))?.id).toMatch(/^(job|task)_a1b2c3d4$/);
    },
  );

  it.each(["", "{", "[]", "null", '{"ok":true}', "\u0000", '{"id":""}', `${"[".repeat(50_000)}`])(
    "that says nothing is no job: %j",
    (text) => expect(jobIn(bytesOf(text))).toBeNull(),
  );

  it("that is no UTF-8 is no job, and one as long as can be is read", () => {
    expect(jobIn(Uint8Array.from([0x7b, 0xff, 0x7d]))).toBeNull();
    const long = JSON.stringify({ id: "job_1", status: "succeeded", more: "x".repeat(BODY_MAX_BYTES - 49) });
    expect(bytesOf(long).byteLength).toBeLessThanOrEqual(BODY_MAX_BYTES);
    expect(jobIn(bytesOf(long))?.id).toBe("job_1");
  });
});
