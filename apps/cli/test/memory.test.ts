import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type FakeControlApi, startFakeControlApi } from "@prewarm/control-schema/testing/fake-control-api";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { DryRun } from "@prewarm/control-schema/warm";
import { expect, it } from "vitest";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

const LINES = 1_000_000;
/** V8's old space for the child, in MB. The program itself needs some 30 of it; a million lines kept as strings need over 60. */
const HEAP_MB = 54;

async function writeLines(path: string, count: number, line: (id: string) => string): Promise<void> {
  const file = createWriteStream(path);
  for (let from = 0; from < count; from += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => line(`gallery/${from + index}/picture-of-a-thing`));
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

/** Answers a dry run without keeping anything: the server's memory is not what is measured. */
function countOnly(api: FakeControlApi): () => number {
  let images = 0;
  api.answers["POST /api/v1/warm"] = ({ body: { items } }) => {
    api.received.length = 0;
    images += items.length;
    const variants = items.length * 6;
    return { ...leastValue(DryRun), images: items.length, variants, jobs: variants, exact: true, price: "unknown" };
  };
  return () => images;
}

/** A list of ids. Returns the arguments that warm it. */
async function writeList(cwd: string): Promise<string[]> {
  await writeLines(join(cwd, "million.txt"), LINES, (id) => `${id}\n`);
  return ["--file", "million.txt"];
}

/** An S3 Inventory of one zipped file. Returns the arguments that warm it. */
async function writeInventory(cwd: string): Promise<string[]> {
  await writeLines(join(cwd, "rows.csv"), LINES, (id) => `"shop","${id.replaceAll("/", "%2F")}","e1"\n`);
  const data = join(cwd, "rows.csv.gz");
  await pipeline(createReadStream(join(cwd, "rows.csv")), createGzip({ level: 1 }), createWriteStream(data));
  const hash = createHash("md5");
  await pipeline(createReadStream(data), hash);
  const file = { key: "config/data/rows.csv.gz", size: statSync(data).size, MD5checksum: hash.digest("hex") };
  const manifest = { sourceBucket: "shop", fileFormat: "CSV", fileSchema: "Bucket, Key, ETag", files: [file] };
  writeFileSync(join(cwd, "manifest.json"), JSON.stringify(manifest));
  return ["--s3-inventory", "manifest.json", "--inventory-data", ".", "--inventory-prefix", "/"];
}

it.each([
  ["a million lines", writeList],
  ["an S3 Inventory of a million objects", writeInventory],
])("reads %s in a heap that could not hold them", { timeout: 180_000 }, async (_, write) => {
  const api = await startFakeControlApi();
  const cwd = emptyDirectory();
  const input = await write(cwd);
  const images = countOnly(api);
  const nodeFlags = [`--max-old-space-size=${HEAP_MB}`];
  const { code, stdout, stderr } = await runPrewarm(["warm", ...input, "--dry-run", "--json"], {
    cwd,
    url: api.url,
    nodeFlags,
  });
  await api.close();
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({ images: LINES, variants: LINES * 6 });
  expect(images()).toBe(LINES);
});
