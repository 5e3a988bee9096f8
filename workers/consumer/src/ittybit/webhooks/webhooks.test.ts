import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hintOfHook } from "./hint-of-hook.ts";
import { generationIn, type HookSecret, hookAddress, opens } from "./hook-address.ts";
import { readHook } from "./read-hook.ts";

const PUBLIC = "https://prewarm.example.com";
const GEN = 1_790_000_000_000_123;
const secret = (letter: string, ledgerId = "L1"): HookSecret => ({ ledgerId, key: letter.repeat(43) });
const OURS = secret("A");

describe("a generation's address", () => {
  it("is the same each time, and names its generation", async () => {
    const address = await hookAddress(PUBLIC, GEN, OURS);
    expect(address).toMatch(/^https:\/\/prewarm\.example\.com\/ittybit\/1790000000000123\/[A-Za-z0-9_-]{22}$/);
    expect(await hookAddress(PUBLIC, GEN, OURS)).toBe(address);
    const [gen = "", token = ""] = address.split("/").slice(-2);
    expect(generationIn(gen, token)).toBe(GEN);
    expect(await opens(token, GEN, OURS)).toBe(true);
  });

  it("is another one for another generation, ledger or key, and opens none of the others", async () => {
    const others: [number, HookSecret][] = [
      [GEN, OURS],
      [GEN + 1, OURS],
      [GEN, secret("E")],
      [GEN, secret("A", "L2")],
    ];
    const tokens = await Promise.all(others.map(async ([gen, one]) => (await hookAddress("", gen, one)).slice(-22)));
    expect(new Set(tokens).size).toBe(4);
    for (const token of tokens.slice(1)) expect(await opens(token, GEN, OURS)).toBe(false);
  });

  it.each(["", "A".repeat(21), "A".repeat(23), `${"A".repeat(21)}=`, `${"A".repeat(21)}é`])(
    "a token that is none opens nothing: %j",
    async (token) => {
      expect(generationIn(String(GEN), token)).toBeNull();
      expect(await opens(token, GEN, OURS)).toBe(false);
    },
  );

  it.each(["", "0", "01", "-1", "1.5", "1e3", " 1", "99999999999999999", "9007199254740993"])(
    "a generation that is none is none: %j",
    (gen) => expect(generationIn(gen, "A".repeat(22))).toBeNull(),
  );
});

const SECRET = "the-webhook-secret";
const bytesOf = (text: string) => Uint8Array.from(new TextEncoder().encode(text));
const sign = (text: string, secret = SECRET) => createHmac("sha256", secret).update(text).digest("hex");
const DONE = JSON.stringify({ id: "job_1", status: "succeeded", output: "https://store.ittybit.net/1.webp" });

function read(text: string, signature: string | null, secrets: string[] = [SECRET]) {
  const headers = new Headers(signature === null ? {} : { "Ittybit-Signature": signature });
  return readHook(bytesOf(text), headers, secrets);
}

describe("a hook's body", () => {
  it.each<[string, string | null, string[], boolean]>([
    ["a right signature", sign(DONE), [SECRET], true],
    ["a right one in capitals", sign(DONE).toUpperCase(), [SECRET], true],
    ["a right one of the second secret", sign(DONE), ["new", SECRET], true],
    ["another body's", sign(`${DONE} `), [SECRET], false],
    ["another secret's", sign(DONE, "x"), [SECRET], false],
    ["none", null, [SECRET], false],
    ["none of 64 digits", sign(DONE).slice(1), [SECRET], false],
    ["text that is no hex", "z".repeat(64), [SECRET], false],
    ["a signature without a secret to know it by", sign(DONE), [], false],
    ["the signature of an empty secret", sign(DONE, ""), [""], false],
  ])("is believed, or only read: %s", async (_what, signature, secrets, isSigned) => {
    expect(await read(DONE, signature, secrets)).toMatchObject({ isSigned, job: { id: "job_1", status: "done" } });
  });

  const file = join(import.meta.dirname, "../../../test/fixtures/ittybit/webhooks.json");
  const { exchanges } = JSON.parse(readFileSync(file, "utf8")) as { exchanges: { path: string; body: unknown }[] };

  it.each(exchanges.map(({ path, body }) => [path, JSON.stringify(body)]))(
    "is read as %s shows it: %s",
    async (_, text) => {
      const hook = await read(text, null);
      expect(hook?.job?.id).toMatch(/^(job|task)_a1b2c3d4$/);
      expect(["done", "failed"]).toContain(hook?.job?.status);
    },
  );

  it.each(["", "{", "[]", "null", '{"ok":true}', "\u0000", '{"id":""}'])(
    "that says nothing is no job: %j",
    async (text) => {
      expect(await read(text, sign(text))).toBeNull();
    },
  );

  it("that is no UTF-8 is no job, and one as long as can be is read", async () => {
    expect(await readHook(Uint8Array.from([0x7b, 0xff, 0x7d]), new Headers(), [SECRET])).toBeNull();
    const long = JSON.stringify({ id: "job_1", status: "succeeded", more: "x".repeat(BODY_MAX_BYTES - 49) });
    expect(bytesOf(long).byteLength).toBeLessThanOrEqual(BODY_MAX_BYTES);
    expect(await read(long, sign(long))).toMatchObject({ job: { id: "job_1" }, isSigned: true });
  });
});

describe("what a hook means", () => {
  const known = { ittybitJob: "job_1" };
  const OUTPUT = "https://store.ittybit.net/1.webp";
  const body = (status: string, id = "job_1") => JSON.stringify({ id, status, output: OUTPUT });

  it.each<[string, string, boolean, { ittybitJob: string | null } | null, object]>([
    ["for a generation that is done or purged", body("succeeded"), true, null, { kind: "none", why: "unknown" }],
    [
      "before the POST is answered",
      body("succeeded"),
      false,
      { ittybitJob: null },
      { kind: "claim", ittybitJob: "job_1" },
    ],
    ["the same, signed", body("succeeded"), true, { ittybitJob: null }, { kind: "claim", ittybitJob: "job_1" }],
    ["of a job that runs", body("processing"), false, { ittybitJob: null }, { kind: "none", why: "pending" }],
    ["with a foreign id", body("succeeded", "job_2"), true, known, { kind: "none", why: "other_job" }],
    ["that comes late and says processing", body("processing"), true, known, { kind: "none", why: "pending" }],
    ["that is not signed", body("succeeded"), false, known, { kind: "look", ittybitJob: "job_1" }],
    ["that is signed", body("succeeded"), true, known, { kind: "ended", job: { id: "job_1", output: OUTPUT } }],
    ["that says failed, though signed", body("failed"), true, known, { kind: "look", ittybitJob: "job_1" }],
    ["that names no result, though signed", '{"id":"job_1","status":"succeeded"}', true, known, { kind: "look" }],
  ])("%s", async (_what, text, isSigned, granted, hint) => {
    const hook = await read(text, isSigned ? sign(text) : null);
    expect(hook && hintOfHook(hook, granted)).toMatchObject(hint);
  });

  it("believes nothing of an unsigned body but its id, and claims nothing where a job is known", async () => {
    const values = fc.record({
      id: fc.constantFrom("job_1", "job_2", ""),
      status: fc.constantFrom("succeeded", "failed", "processing", "cancelled", "odd"),
      output: fc.constantFrom("https://evil.example/x", null),
    });
    const ledgers = fc.record({ ittybitJob: fc.constantFrom("job_1", null) });
    await fc.assert(
      fc.asyncProperty(values, fc.option(ledgers), async (value, granted) => {
        const hook = await read(JSON.stringify(value), sign("another body"));
        if (hook === null) return;
        const hint = hintOfHook(hook, granted);
        expect(JSON.stringify(hint)).not.toContain("evil");
        expect(["none", "look", "claim"]).toContain(hint.kind);
        if (hint.kind === "claim") expect(granted?.ittybitJob).toBeNull();
        if (hint.kind === "look") expect(hint.ittybitJob).toBe("job_1");
      }),
    );
  });
});
