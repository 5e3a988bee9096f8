import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { receiptText } from "@prewarm/control-schema/receipt-file";
import { makePrivateKey, printPem, publicHalf, signText } from "@prewarm/shared/ed25519";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const RECEIPT = {
  run: "bulk_1",
  label: "spring",
  createdAt: 1,
  startedAt: 2,
  checkedAt: Date.UTC(2026, 10, 24, 14, 5),
  ordered: 3,
  checked: 3,
  inStore: 3,
  missing: 0,
  whys: {},
  forgotten: 0,
  complete: true,
  missingDigest: "",
};
const GONE = { key: "a/400-high.webp", id: "a", transform: "w=400", format: "webp", why: "gone" };

/** Runs a command against a server that answers call after call. */
async function run(line: string, answers: unknown[], { cwd = "/nowhere", token = "operator" } = {}) {
  const asked: string[] = [];
  const world = createWorld({
    cwd,
    env: { ADMIN_TOKEN: token },
    fetch: (url) => {
      asked.push(new URL(url).pathname + new URL(url).search);
      const answer = answers[asked.length - 1];
      return typeof answer === "string" ? new Response(answer) : Response.json(answer);
    },
  });
  const code = await runCli(line.split(" "), world.context, () => {});
  return { code, asked, stdout: world.stdout(), stderr: world.stderr() };
}

it("follows a check to its end, and prints what R2 has", async () => {
  const begun = { ...RECEIPT, checkedAt: null, checked: 1, inStore: 1, forgotten: null, complete: false };
  const { code, asked, stdout } = await run("receipt bulk_1", [
    { receipt: begun, missing: [], nextCursor: "n.s", signature: null },
    { receipt: RECEIPT, missing: [], nextCursor: null, signature: "sig" },
  ]);
  expect([code, asked]).toEqual([EXIT.ok, ["/api/v1/runs/bulk_1/receipt", "/api/v1/runs/bulk_1/receipt?cursor=n.s"]]);
  expect(stdout).toContain("in R2 now  3");
  expect(stdout).toContain("checked    2026-11-24T14:05:00.000Z");
});

it("ends with code 1, and lists what is missing, when R2 lacks a variant", async () => {
  const receipt = { ...RECEIPT, inStore: 2, missing: 1, whys: { gone: 1 }, complete: false };
  const page = { receipt, missing: [GONE], nextCursor: null, signature: "sig" };
  const { code, stdout } = await run("receipt bulk_1", [page]);
  expect(code).toBe(EXIT.failed);
  expect(stdout).toContain("missing    1: 1 gone");
  expect(stdout).toContain("gone  a      w=400");
  const { stdout: json } = await run("receipt bulk_1 --json", [page]);
  expect(JSON.parse(json)).toMatchObject({ schema: "prewarm.receipt/1", receipt, signature: "sig", missing: [GONE] });
});

it("saves the signed file, and verifies it without a network, a deployment or a token", async () => {
  const cwd = tempFolder("prewarm-receipt-");
  const [old, next] = [makePrivateKey(), makePrivateKey()];
  const [publicOld, publicNext] = [await publicHalf(old), await publicHalf(next)];
  const signature = await signText(receiptText(RECEIPT), old);
  const page = { receipt: RECEIPT, missing: [], nextCursor: null, signature };
  expect((await run("receipt bulk_1 --save receipt.txt", [page], { cwd })).code).toBe(EXIT.ok);
  expect(readFileSync(join(cwd, "receipt.txt"), "utf8")).toBe(`${receiptText(RECEIPT)}${signature}\n`);
  writeFileSync(join(cwd, "keys.pem"), `The keys of example.com\n${printPem([publicNext, publicOld])}`);
  const verify = (more: string, answers: string[] = []) =>
    run(`receipt --verify receipt.txt ${more}`, answers, { cwd, token: "" });
  const offline = await verify("--key keys.pem");
  expect([offline.code, offline.asked]).toEqual([EXIT.ok, []]);
  expect(offline.stdout).toContain(`signed by  ${publicOld}\na key of   keys.pem\n`);
  const published = await verify("--json --url https://control.example", [printPem([publicOld])]);
  expect([published.code, published.asked]).toEqual([EXIT.ok, ["/.well-known/prewarm-receipts"]]);
  const from = "https://control.example/.well-known/prewarm-receipts";
  expect(JSON.parse(published.stdout)).toMatchObject({ valid: true, key: publicOld, keys: from, receipt: RECEIPT });
  expect((await verify("--key https://k.example/keys", [printPem([publicNext])])).code).toBe(EXIT.failed);
  writeFileSync(join(cwd, "receipt.txt"), `${receiptText({ ...RECEIPT, ordered: 4 })}${signature}\n`);
  const forged = await verify("--key keys.pem");
  expect([forged.code, forged.stdout]).toEqual([EXIT.failed, expect.stringContaining("no key signed this text")]);
  writeFileSync(join(cwd, "receipt.txt"), "run  bulk_1\ncomplete  yes\n");
  expect((await verify("--key keys.pem")).stdout).toContain("it is no file of `prewarm receipt --save`");
});

it("refuses keys that another could have written, and a file that has none", async () => {
  const cwd = tempFolder("prewarm-receipt-");
  writeFileSync(join(cwd, "receipt.txt"), "{}\n");
  for (const line of [
    "receipt --verify receipt.txt --key http://k.example/keys",
    "receipt --verify receipt.txt --key receipt.txt",
    "receipt --verify receipt.txt --key nothing.pem",
    "receipt bulk_1 --verify receipt.txt",
    "receipt",
  ]) {
    const { code, asked } = await run(line, [], { cwd });
    expect([line, code, asked]).toEqual([line, EXIT.usage, []]);
  }
});
