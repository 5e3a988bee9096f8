import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { expect, it } from "vitest";
import { type FakeControlApi, startFakeControlApi } from "./testing/fake-control-api.ts";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

const LINES = 1_000_000;
/** V8's old space for the child, in MB. The program itself needs some 30 of it; a million lines kept as strings need over 60. */
const HEAP_MB = 54;

async function writeLines(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  for (let from = 0; from < count; from += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => `gallery/${from + index}/picture-of-a-thing\n`);
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

/** Answers a dry run without keeping anything: the server's memory is not what is measured. */
function countOnly(api: FakeControlApi): () => number {
  let images = 0;
  api.fault = ({ body }) => {
    api.received.length = 0;
    const count = body.split('{"id":').length - 1;
    images += count;
    const base = {
      dryRun: true,
      exact: true,
      images: count,
      variants: count * 6,
      existing: 0,
      duplicates: 0,
      jobs: count * 6,
    };
    const rest = { downloadBytes: null, price: "unknown", rejected: [], rejectedTotal: 0 };
    return { status: 200, body: JSON.stringify({ ...base, ...rest }) };
  };
  return () => images;
}

it("reads a million lines in a heap that could not hold them", { timeout: 120_000 }, async () => {
  const api = await startFakeControlApi();
  const cwd = emptyDirectory();
  await writeLines(join(cwd, "million.txt"), LINES);
  const images = countOnly(api);
  const nodeFlags = [`--max-old-space-size=${HEAP_MB}`];
  const { code, stdout, stderr } = await runPrewarm(["warm", "--file", "million.txt", "--dry-run", "--json"], {
    cwd,
    url: api.url,
    nodeFlags,
  });
  await api.close();
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({ images: LINES, variants: LINES * 6 });
  expect(images()).toBe(LINES);
});
