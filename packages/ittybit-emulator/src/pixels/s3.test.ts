import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it, onTestFinished } from "vitest";
import { setup, type World } from "../testing/setup.ts";

async function withS3(options: object = {}): Promise<{ world: World; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "emulator-s3-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return { world: await setup({ s3Directory: directory, ...options }), directory };
}

const OUTPUT = "s3://optimized-images/variants/a/80-high.webp";

it("writes the output under the bucket's directory, and reads inputs from there", async () => {
  const { world, directory } = await withS3();
  const job = await world.ended((await world.made({ output: OUTPUT, options: { width: 80, format: "webp" } })).id);
  expect(job).toMatchObject({ status: "succeeded", output: OUTPUT });
  const bytes = await readFile(join(directory, "optimized-images/variants/a/80-high.webp"));
  expect(await sharp(bytes).metadata()).toMatchObject({ format: "webp", width: 80 });
  const second = await world.ended((await world.made({ input: OUTPUT, options: { width: 40 } })).id);
  expect(second).toMatchObject({ status: "succeeded", tasks: [{ output: { width: 80, format: "webp" } }, {}, {}, {}] });
});

it("fails without a connection, and finds the one that is named", async () => {
  const { world } = await withS3({ defaultConnection: false });
  const refused = await world.ended((await world.made({ output: OUTPUT })).id);
  expect(refused).toMatchObject({ status: "failed", error: { kind: "connection_required" } });

  const secrets = { access_key_id: "AKIA-ID", secret_access_key: "TOP-SECRET" };
  const response = await world.call("/connections", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind: "s3", name: "r2", endpoint: "https://x.r2.cloudflarestorage.com", ...secrets }),
  });
  const text = await response.text();
  expect(response.status).toBe(201);
  expect(text).not.toMatch(/AKIA-ID|TOP-SECRET/);
  const { id } = JSON.parse(text) as { id: string };
  expect(id).toMatch(/^conn_/);
  const named = await world.made({ output: OUTPUT, options: { connection_id: id } });
  const unknown = await world.made({ output: OUTPUT, options: { connection_id: "conn_other" } });
  expect((await world.ended(named.id)).status).toBe("succeeded");
  expect((await world.ended(unknown.id)).status).toBe("failed");
});

it.each(["s3://bucket/../../etc/passwd", "s3://bucket/a//b"])("keeps inside its directory: %s", async (output) => {
  const { world } = await withS3();
  const job = await world.ended((await world.made({ output })).id);
  expect(job).toMatchObject({ status: "failed", error: { kind: "storage_key_invalid" } });
});
