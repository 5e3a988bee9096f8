import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const RECEIPT = {
  ...{ run: "bulk_1", label: "spring", createdAt: 1, startedAt: 2, checkedAt: Date.UTC(2026, 10, 24, 14, 5) },
  ...{ ordered: 3, checked: 3, inStore: 3, missing: 0, whys: {}, forgotten: 0, complete: true, missingDigest: "" },
};
const GONE = { key: "a/400-high.webp", id: "a", transform: "w=400", format: "webp", why: "gone" };

/** Runs a command against a server that answers call after call. */
async function run(line: string, answers: unknown[]) {
  const asked: string[] = [];
  const world = createWorld({
    env: { ADMIN_TOKEN: "operator" },
    fetch: (url) => {
      asked.push(new URL(url).pathname + new URL(url).search);
      return Response.json(answers[asked.length - 1]);
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

it("asks Prewarm whether it signed what a file contains", async () => {
  const folder = await mkdtemp(join(tmpdir(), "receipt-"));
  const file = join(folder, "receipt.json");
  await writeFile(
    file,
    JSON.stringify({ schema: "prewarm.receipt/1", receipt: RECEIPT, signature: "sig", missing: [] }),
  );
  const yes = await run(`receipt verify ${file}`, [{ valid: true }]);
  expect([yes.code, yes.stdout]).toEqual([EXIT.ok, "This Prewarm signed the receipt of bulk_1.\n"]);
  expect((await run(`receipt verify ${file}`, [{ valid: false }])).code).toBe(EXIT.failed);
  await writeFile(file, "{}");
  const no = await run(`receipt verify ${file}`, []);
  expect([no.code, no.asked]).toEqual([EXIT.usage, []]);
  await rm(folder, { recursive: true });
});
