import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from "miniflare";
import { bundleRelease } from "../../dev/bundle.ts";
import type { MinimalOrder } from "../minimal/worker.ts";
import type { LocalStack } from "./local-stack.ts";

export interface MinimalStack {
  emulator: Emulator;
  drain(variants: MinimalOrder["variants"]): Promise<void>;
  close(): Promise<void>;
}

/** A job has ended so long after its time. */
const MARGIN_MS = 100;

/** The minimal Worker, with R2 on disk and an Ittybit of its own like the stack's. `jobMs`: how long each job takes. */
export async function startMinimal(
  { originalSize }: Pick<LocalStack, "originalSize">,
  jobMs: number,
): Promise<MinimalStack> {
  const stateDir = mkdtempSync(join(tmpdir(), "prewarm-minimal-"));
  const emulator = await startEmulator({
    ...{ pixels: "tiny", tinySource: originalSize, maxJobs: 1_000_000, jobMs: { min: jobMs, max: jobMs } },
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{
        host: "127.0.0.1",
        cf: false,
        log: new NoOpLog(),
        resourcePersistencePath: stateDir,
        defaultPersistRoot: stateDir,
      },
      workers: [
        {
          name: "minimal",
          modules: [{ type: "ESModule", path: "worker.mjs", contents: await bundleRelease("bench/minimal/worker.ts") }],
          compatibilityDate: "2026-11-01",
          r2Buckets: { IMAGES_BUCKET: "bench" },
          bindings: { ITTYBIT_API_URL: emulator.apiUrl, OUTPUTS_URL: emulator.outputUrl },
        },
      ],
    }),
  );
  const { origin } = await miniflare.ready;
  return {
    emulator,
    async drain(variants) {
      const body = JSON.stringify({ variants, endsAfterMs: jobMs + MARGIN_MS } satisfies MinimalOrder);
      const answer = await fetch(origin, { method: "POST", body });
      const said = await answer.text();
      if (said !== `${variants.length} stored`) throw new Error(`the minimal Worker: ${answer.status} ${said}`);
    },
    async close() {
      await miniflare.dispose();
      await emulator.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
