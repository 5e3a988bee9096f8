import { nodeSql } from "@prewarm/durable-queue/testing";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Path } from "../../src/ledger/testing/budget/life.ts";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";

let runtime: Miniflare;

beforeAll(async () => {
  const entry = `${import.meta.dirname}/../../src/ledger/testing/budget/worker.ts`;
  const { outputFiles } = await build({
    entryPoints: [entry],
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
      durableObjects: { BUDGET: { className: "Budget", useSQLite: true } },
    }),
  );
  await runtime.ready;
});
afterAll(() => runtime.dispose());

type Spent = Record<"rows" | "made" | "forgotten" | "alarms" | "messages", number>;

async function played(path: Path): Promise<Spent> {
  const answer = await runtime.dispatchFetch("http://budget/", { method: "POST", body: JSON.stringify(path) });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Spent;
}

/** Per variant, of the second time on a day: what a ledger's birth and a day cost once is no part of it. */
async function spent(path: Omit<Path, "times">): Promise<Spent> {
  const [once, twice] = [await played({ ...path, times: 1 }), await played({ ...path, times: 2 })];
  const each = (name: keyof Spent) => (twice[name] - once[name]) / path.images / path.variants;
  // biome-ignore format: one glance
  return { rows: each("rows"), made: each("made"), forgotten: each("forgotten"), alarms: each("alarms"), messages: each("messages") };
}

const view = { lane: "live", variants: 1, everyMs: 200, called: true } as const;
const bulk = { lane: "bulk", everyMs: 0 } as const;

describe("rows written per variant from accept to forgotten, as the platform bills them, prune and alarms included", {
  timeout: 180_000,
}, () => {
  it.each([
    ["bulk, 600 originals of one variant", { ...bulk, images: 600, variants: 1 }, 6.86],
    ["bulk, 100 originals of six variants", { ...bulk, images: 100, variants: 6 }, 6.86],
    ["bulk, 60 originals of eleven variants", { ...bulk, images: 60, variants: 11 }, 6.86],
    ["six variants of one upload, alone", { lane: "upload" as const, images: 1, variants: 6, everyMs: 0 }, 12.51],
    ["one view, alone", { lane: "live" as const, images: 1, variants: 1, everyMs: 200 }, 17],
    ["one view that the edge calls in, alone", { ...view, images: 1 }, 16],
    ["five views a second that the edge calls in", { ...view, images: 100 }, 11.14],
    ["five views a second", { lane: "live" as const, images: 100, variants: 1, everyMs: 200 }, 12.14],
  ])(
    "%s",
    async (what, path, most) => {
      const { rows, messages, ...parts } = await spent(path);
      const print = Object.entries(parts).map(([name, n]) => `${name} ${n.toFixed(2)}`);
      console.log(`${what}: ${rows.toFixed(2)} rows (${print.join(", ")}), ${messages.toFixed(3)} messages a variant`);
      expect(rows).toBeLessThanOrEqual(most);
      if (path.lane === "bulk") expect(messages).toBeLessThanOrEqual(0.02);
      // More than a year of crons, twice.
    },
    120_000,
  );
});

describe("bytes kept", () => {
  it("are at most 181 per open job, indexes included", () => {
    const sql = nodeSql();
    const clock = { now: () => Date.UTC(2026, 10, 24), random: () => 0.5 };
    const { engine: ledger } = testEngine(sql, { config: testConfig(), clock });
    const empty = sql.bytes;
    const open = 100_002;
    for (let image = 0; image < open / 6; image += 150) {
      const keys: string[] = [];
      for (let n = image; n < Math.min(image + 150, open / 6); n += 1) {
        const id = `uploads%2F2026%2F11%2F${(Math.imul(n + 1, 2_654_435_761) >>> 0).toString(36)}-${n}`;
        for (const width of [400, 800, 1200]) keys.push(`${id}/${width}-high.webp`, `${id}/${width}-high.avif`);
      }
      ledger.acceptChunk(chunkOf({ keys }, { id: "d", chunk: image, hash: "h" }));
    }
    expect(ledger.stats().counts.bulk.queued).toBe(open);
    const perJob = (sql.bytes - empty) / open;
    console.log(
      `bytes per open job: ${perJob.toFixed(0)}; 12,000,000 of them: ${((perJob * 12e6) / 1e9).toFixed(2)} GB`,
    );
    expect(perJob).toBeLessThanOrEqual(181);
    // 2,000,000 originals × 6 stay under half of a Durable Object's 10 GB.
    expect(perJob * 12_000_000).toBeLessThan(5_000_000_000);
    sql.close();
  });
});
