import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkReceipt } from "@prewarm/control-schema/receipt-check";
import { receiptFile, receiptText } from "@prewarm/control-schema/receipt-file";
import type { RemovalReceipt } from "@prewarm/control-schema/removal";
import { makePrivateKey, parsePem, publicHalf, signText } from "@prewarm/shared/ed25519";
import { beforeAll, describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { createApiWorld, publishedPem, RECEIPT_KEY } from "./testing/api-world.ts";

const ADMIN = "ann:an-operators-own-token-0001";
const ON_CALL = "on-call[pause]:a-token-that-may-only-pause";
const SIGNING_KEY = "a-signing-key-of-a-page-builder";
const world = createApiWorld({}, { adminTokens: [ADMIN, ON_CALL], signingKeys: [SIGNING_KEY] });
const token = "an-operators-own-token-0001";

/** The receipt of a removal as the API gives it, its file, and the published keys. */
const given = { receipt: {} as RemovalReceipt, signature: "", file: "", pem: "" };
let other = "";

async function remove(id: string) {
  const answer = await world.json("POST", `/api/v1/images/${id}/remove`, { token, body: { reason: "case 812" } });
  return answer.body as { receipt: RemovalReceipt; signature: string };
}

beforeAll(async () => {
  const { receipt, signature } = await remove("anna.jpg");
  Object.assign(given, { receipt, signature, file: receiptFile(receipt, signature), pem: await publishedPem(world) });
  other = (await remove("bert.jpg")).signature;
});

const faultOf = async (file: string) => {
  const checked = await checkReceipt(file, parsePem(given.pem));
  return "fault" in checked ? checked.fault : null;
};

describe("a forged receipt is not valid", () => {
  const seedOf = (secret: string) => createHash("sha256").update(secret).digest("base64");
  const ownKeyOf = (secret: string) =>
    `MC4CAQAwBQYDK2VwBCIE${Buffer.concat([Buffer.of(0x20), Buffer.from(seedOf(secret), "base64")]).toString("base64")}`;

  it("by the holder of a token or of a signing key, or by a stranger with a key", async () => {
    const forged: RemovalReceipt = { ...given.receipt, removed: "carl.jpg", complete: true, edgeUntil: 3 };
    const text = receiptText(forged);
    const secrets = [ADMIN, token, ON_CALL, "a-token-that-may-only-pause", SIGNING_KEY];
    for (const secret of secrets)
      for (const hash of ["sha256", "sha512"])
        expect(
          await faultOf(receiptFile(forged, createHmac(hash, secret).update(text).digest("base64"))),
        ).not.toBeNull();
    for (const key of [...secrets.map(ownKeyOf), makePrivateKey()]) {
      const own = receiptFile(forged, await signText(text, key));
      expect(await faultOf(own)).not.toBeNull();
      expect(await checkReceipt(own, [await publicHalf(key)]), "it is well made").toHaveProperty("receipt");
    }
  });

  it("from a true one, by a word, a field, a blank, an order or another signature", async () => {
    const { receipt, signature, file } = given;
    expect(await faultOf(file)).toBeNull();
    const changes: object[] = [
      { reason: "case 813" },
      { reason: "case 812 " },
      { removed: "bert.jpg" },
      { complete: true },
      { note: "all copies of passport.jpg too" },
      { checks: [{ at: 1, found: 0, note: "in both buckets" }] },
      { objects: [{ name: "variants/a", bytes: 1, uploadedAt: 1, deletedAt: 1 }] },
      { run: "bulk_1", label: null, createdAt: 1 },
    ];
    const files = changes.map((change) => receiptFile({ ...receipt, ...change }, signature));
    const turned = JSON.stringify(Object.fromEntries(Object.entries(receipt).toReversed()), null, 2);
    files.push(
      ...[receiptFile(receipt, other), receiptFile(receipt, ""), receiptFile(receipt, "AAAA"), signature, "", "\n"],
      ...[`${turned}\n${signature}\n`, `${JSON.stringify(receipt)}\n${signature}\n`],
      ...[`note\n${file}`, `${file}note\n`, `${file}${signature}\n`, file.replaceAll("\n", "\r\n")],
      ...[file.replace('"jobs": 0', '"jobs": 0.0'), file.replace('"jobs": 0', '"jobs": -0')],
      ...[file.replace('"jobs": 0', '"jobs": 0,\n  "jobs": 0'), file.replace("{", '{\n  "note": "x",')],
      ...[receiptFile(receipt, signature.replaceAll("=", "")), receiptFile(receipt, ` ${signature}`)],
      receiptFile(
        receipt,
        signature.replace(/.==$/, (last) => `${String.fromCharCode(last.charCodeAt(0) + 1)}==`),
      ),
    );
    for (const forged of files) expect(await faultOf(forged), forged).not.toBeNull();
  });

  it("with the true key, where it has a field that no receipt has, at any depth", async () => {
    const object = { name: "variants/a", bytes: 1, uploadedAt: 1, deletedAt: 1 };
    const signed = async (change: object) => {
      const text = receiptText({ ...given.receipt, ...change });
      return faultOf(`${text}${await signText(text, RECEIPT_KEY)}\n`);
    };
    expect(await signed({ objects: [object], checks: [{ at: 1, found: 1 }] })).toBeNull();
    for (const change of [
      { note: "x" },
      { objects: [{ ...object, note: "x" }] },
      { checks: [{ at: 1, found: 1, note: "x" }] },
      { run: "bulk_1" },
    ])
      expect(await signed(change)).toMatch(/no receipt/);
    expect(await faultOf(`cursor {}\n${await signText("cursor {}\n", RECEIPT_KEY)}\n`)).toMatch(/no receipt/);
  });
});

const guide = (name: string) => readFileSync(join(import.meta.dirname, "../../../../docs", name), "utf8");

/** Commands of a guide, in a folder with the published keys and this receipt. */
function runIn(commands: string, file = given.file) {
  const cwd = tempFolder("prewarm-openssl-");
  writeFileSync(join(cwd, "prewarm-receipts.pem"), given.pem);
  writeFileSync(join(cwd, "receipt.txt"), file);
  return spawnSync("sh", ["-ec", commands], { cwd, encoding: "utf8" });
}

it("openssl verifies a receipt by the commands of the guide, and refuses a changed one", () => {
  const [, commands = ""] = /```sh\n(sed [^`]*)```/.exec(guide("delete-a-persons-pictures.md")) ?? [];
  expect(runIn(commands)).toMatchObject({ status: 0, stdout: "Signature Verified Successfully\n" });
  const forged = given.file.replace("case 812", "case 813");
  expect(runIn(commands, forged)).toMatchObject({ status: 1, stdout: "Signature Verification Failure\n" });
});

it("the commands of the guide rotate the key, and an older receipt stays valid", async () => {
  const [, lines = ""] = /```sh\n(old=[^`]*)prewarm provision/.exec(guide("operate.md")) ?? [];
  const { stdout } = runIn(`${lines.replace(/curl -f \S+/, "cat prewarm-receipts.pem")}printf %s "$RECEIPT_KEY"`);
  const rotated = createApiWorld({}, { receiptKeys: stdout.split(",") });
  const keys = parsePem(await publishedPem(rotated));
  expect([keys.length, keys[1]]).toEqual([2, await publicHalf(RECEIPT_KEY)]);
  expect(await checkReceipt(given.file, keys)).toEqual({ receipt: given.receipt, key: keys[1] });
});
