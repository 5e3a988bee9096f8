import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Failed, RowsRead } from "../../src/ledger/testing/reads/worker.ts";

let runtime: Miniflare;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/../../src/ledger/testing/reads/worker.ts`],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*", "node:sqlite"],
  });
  runtime = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      modules: true,
      script: outputFiles[0]!.text,
      compatibilityDate: "2026-11-01",
      durableObjects: { READS: { className: "Reads", useSQLite: true } },
    }),
  );
  await runtime.ready;
});
afterAll(() => runtime.dispose());

async function readOf(asked: Failed): Promise<RowsRead> {
  const answer = await runtime.dispatchFetch("http://reads/", { method: "POST", body: JSON.stringify(asked) });
  if (!answer.ok) throw new Error(await answer.text());
  const rows = (await answer.json()) as RowsRead;
  console.log(`rows read over ${asked.failed} failed jobs: ${JSON.stringify(rows)}`);
  return rows;
}

it("the overview reads at most 300 rows, however many jobs have failed, and after an eviction too", async () => {
  const [some, many] = [await readOf({ failed: 6_000 }), await readOf({ failed: 20_000 })];
  for (const { stats, evicted } of [some, many]) expect(Math.max(stats, evicted)).toBeLessThanOrEqual(300);
  expect(many.stats).toBe(some.stats);
}, 120_000);

it("the lists of causes and of failed images read failed jobs again only when some have changed", async () => {
  const { causes, causesAgain, imagesAgain } = await readOf({ failed: 20_000 });
  expect(causes).toBeGreaterThanOrEqual(20_000);
  for (const rows of [causesAgain, imagesAgain]) expect(rows).toBeLessThanOrEqual(300);
}, 120_000);

it("the lists of images and of costs read at most 300 rows, however many images were stored and days passed", async () => {
  const { sorted, costs, stats } = await readOf({ failed: 20_000, stored: 10_000, days: 120 });
  for (const rows of [sorted, costs, stats]) expect(rows).toBeLessThanOrEqual(300);
  expect(costs).toBeGreaterThanOrEqual(92);
  expect((await readOf({ failed: 20_000 })).sorted).toBeLessThanOrEqual(300);
}, 120_000);
