import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { expect } from "vitest";
import { ROWS_READ_MAX } from "../../src/ledger/testing/day/bounds.ts";
import type { DaySize } from "../../src/ledger/testing/day/fill-day.ts";

/** Makes every call of the ledger over a day in workerd, and expects that none reads more rows than it may. */
export async function expectBounds(size: DaySize): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/../../src/ledger/testing/day/worker.ts`],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*", "node:sqlite"],
  });
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      modules: true,
      script: outputFiles[0]!.text,
      compatibilityDate: "2026-11-01",
      durableObjects: { DAY: { className: "Day", useSQLite: true } },
    }),
  );
  try {
    const answer = await runtime.dispatchFetch("http://day/", { method: "POST", body: JSON.stringify(size) });
    if (!answer.ok) throw new Error(await answer.text());
    const read = (await answer.json()) as Record<string, number>;
    console.log(`rows read over ${size.stored} stored variants: ${JSON.stringify(read)}`);
    const most: Record<string, number> = ROWS_READ_MAX;
    expect(Object.keys(read).sort()).toEqual(Object.keys(most).sort());
    expect(Object.entries(read).filter(([call, rows]) => rows > (most[call] ?? 0))).toEqual([]);
  } finally {
    await runtime.dispose();
  }
}
