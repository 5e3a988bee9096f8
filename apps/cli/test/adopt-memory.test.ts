import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { startFakeControlApi } from "@prewarm/control-schema/testing/fake-control-api";
import { expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

/** A million take minutes; the nightly workflow reads that many. */
const LINES = Number(process.env.ADOPT_LINES ?? 50_000);
/** V8's old space for the child, in MB: as much as any length of log needs. */
const HEAP_MB = 54;

it("reads a log of any length in the same memory", { timeout: 900_000 }, async () => {
  const [api, cwd] = [await startFakeControlApi(), emptyDirectory()];
  const log = createWriteStream(join(cwd, "long.log"));
  const lineOf = (n: number): string => {
    const size = `c_fill,w_${100 + (n % 1900)},h_${100 + (n % 700)},e_sharpen:${n % 5000}`;
    const path = `/demo/image/upload/${size}/f_auto/shop/${n}/a-picture-of-a-thing.jpg`;
    return `203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "GET ${path} HTTP/1.1" 200 5120 "-" "Mozilla/5.0"\n`;
  };
  for (let from = 0; from < LINES; from += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => lineOf(from + index));
    if (!log.write(lines.join(""))) await once(log, "drain");
  }
  log.end();
  await once(log, "finish");
  await pipeline(
    createReadStream(join(cwd, "long.log")),
    createGzip({ level: 1 }),
    createWriteStream(join(cwd, "long.log.gz")),
  );
  const { code, stdout, stderr } = await runPrewarm(["adopt", "long.log.gz", "--from", "cloudinary", "--json"], {
    cwd,
    url: api.url,
    nodeFlags: [`--max-old-space-size=${HEAP_MB}`],
  });
  await api.close();
  expect({ code, stderr }).toMatchObject({ code: EXIT.ok });
  expect(JSON.parse(stdout).requests).toEqual({ exact: 0, approximate: 0, unsupported: LINES, refused: 0 });
});
