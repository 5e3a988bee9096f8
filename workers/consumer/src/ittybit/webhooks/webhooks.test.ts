import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Granted, hintOfHook } from "./hint-of-hook.ts";
import { generationOfHook, type HookKeys, hookAddress } from "./hook-address.ts";
import { HOOK_MAX_BYTES, readHook } from "./read-hook.ts";

const PUBLIC = "https://prewarm.example.com";
const GEN = 1_790_000_000_000_123;

function key(byte: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(32).fill(byte);
}

const KEYS: HookKeys = [key(1)];

async function pathOf(gen = GEN, keys = KEYS, ledger = "L1"): Promise<string> {
  return new URL(await hookAddress(PUBLIC, ledger, gen, keys)).pathname;
}

describe("a generation's address", () => {
  it("is the same each time, and names its generation", async () => {
    const address = await hookAddress(PUBLIC, "L1", GEN, KEYS);
    expect(address).toMatch(/^https:\/\/prewarm\.example\.com\/ittybit\/1790000000000123\/[A-Za-z0-9_-]{22}$/);
    expect(await hookAddress(PUBLIC, "L1", GEN, KEYS)).toBe(address);
    expect(await generationOfHook(new URL(address).pathname, "L1", KEYS)).toBe(GEN);
  });

  it("is another one for another generation, ledger or key", async () => {
    const paths = await Promise.all([pathOf(), pathOf(GEN + 1), pathOf(GEN, [key(2)]), pathOf(GEN, KEYS, "L2")]);
    expect(new Set(paths.map((path) => path.split("/").at(-1))).size).toBe(4);
  });

  it("opens nothing but its own generation", async () => {
    const path = await pathOf();
    const token = path.split("/").at(-1) ?? "";
    const wrong = [
      `/ittybit/${GEN + 1}/${token}`,
      `/ittybit/0${GEN}/${token}`,
      `/ittybit/${GEN}/${token.slice(0, -1)}`,
      `/ittybit/${GEN}/${token}a`,
      `/ittybit/${GEN}/${"A".repeat(22)}`,
      `/ittybit/${GEN}/`,
      `/ittybit/${GEN}/${token}/x`,
      `/ittybit/99999999999999999/${token}`,
      `/hooks/${GEN}/${token}`,
    ];
    for (const one of wrong) expect(await generationOfHook(one, "L1", KEYS), one).toBeNull();
    expect(await generationOfHook(path, "L2", KEYS)).toBeNull();
    expect(await generationOfHook(path, "L1", [key(2)])).toBeNull();
  });

  it("still opens after its key was replaced, and new ones are of the new key", async () => {
    const old = await pathOf();
    const keys: HookKeys = [key(2), key(1)];
    expect(await generationOfHook(old, "L1", keys)).toBe(GEN);
    expect(await pathOf(GEN, keys)).not.toBe(old);
    expect(await generationOfHook(await pathOf(GEN, keys), "L1", keys)).toBe(GEN);
  });
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
      expect(await read(text, sign(text))).toEqual({ job: null, isSigned: true });
    },
  );

  it("that is no UTF-8 is no job, and one that is too long is not read", async () => {
    const raw = Uint8Array.from([0x7b, 0xff, 0x7d]);
    expect(await readHook(raw, new Headers(), [SECRET])).toEqual({ job: null, isSigned: false });
    expect(await readHook(new Uint8Array(HOOK_MAX_BYTES + 1), new Headers(), [SECRET])).toBeNull();
    expect(await readHook(new Uint8Array(HOOK_MAX_BYTES), new Headers(), [SECRET])).toMatchObject({ job: null });
  });
});

describe("what a hook means", () => {
  const free: Granted = { ittybitJob: "job_1", isOwned: false };
  const body = (status: string, id = "job_1") => JSON.stringify({ id, status });

  it.each<[string, string, boolean, Granted | null, object]>([
    ["for a generation that is done or purged", body("succeeded"), true, null, { kind: "none", why: "unknown" }],
    ["that cannot be read", "{}", true, free, { kind: "none", why: "unreadable" }],
    [
      "before the POST is answered",
      body("succeeded"),
      false,
      { ...free, ittybitJob: null },
      { kind: "adopt", ittybitJob: "job_1" },
    ],
    [
      "of a pending job before the POST is answered",
      body("processing"),
      false,
      { ittybitJob: null, isOwned: true },
      { kind: "adopt", ittybitJob: "job_1" },
    ],
    ["with a foreign id", body("succeeded", "job_2"), true, free, { kind: "none", why: "other_job" }],
    ["that comes late and says processing", body("processing"), true, free, { kind: "none", why: "pending" }],
    [
      "for a job that is looked after",
      body("succeeded"),
      true,
      { ...free, isOwned: true },
      { kind: "none", why: "owned" },
    ],
    ["that is not signed", body("failed"), false, free, { kind: "look", ittybitJob: "job_1" }],
    ["that is signed", body("failed"), true, free, { kind: "ended", job: { id: "job_1", status: "failed" } }],
  ])("%s", async (_what, text, isSigned, granted, hint) => {
    const hook = await read(text, isSigned ? sign(text) : null);
    expect(hook && hintOfHook(hook, granted)).toMatchObject(hint);
  });

  it("believes nothing of an unsigned body but its id, and adopts nothing where a job is known", async () => {
    const values = fc.record({
      id: fc.constantFrom("job_1", "job_2", ""),
      status: fc.constantFrom("succeeded", "failed", "processing", "cancelled", "odd"),
      output: fc.constantFrom("https://evil.example/x", null),
    });
    const ledgers = fc.record({ ittybitJob: fc.constantFrom("job_1", null), isOwned: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(values, fc.option(ledgers), async (value, granted) => {
        const hook = await read(JSON.stringify(value), sign("another body"));
        const hint = hook === null ? null : hintOfHook(hook, granted);
        expect(JSON.stringify(hint)).not.toContain("evil");
        expect(["none", "look", "adopt"]).toContain(hint?.kind);
        if (hint?.kind === "adopt") expect(granted?.ittybitJob).toBeNull();
        if (hint?.kind === "look") expect(hint.ittybitJob).toBe("job_1");
      }),
    );
  });
});
