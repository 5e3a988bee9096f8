import { rmSync } from "node:fs";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { bundleWorkers } from "../../dev/bundle.ts";
import { LIMITS_ENTRY, LIMITS_FLAG, localModules } from "../../dev/local-modules.ts";
import type { MinimalOrder } from "../minimal/worker.ts";
import type { LocalStack } from "./local-stack.ts";
import { stateFolder } from "./state-folder.ts";

export interface MinimalStack {
  emulator: Emulator;
  drain(variants: MinimalOrder["variants"]): Promise<void>;
  close(): Promise<void>;
}

/** A job has ended so long after its time. */
const MARGIN_MS = 100;
const ENTRIES = { worker: "bench/minimal/worker.ts", limits: LIMITS_ENTRY };

/** Prints what the minimal Worker says, as the local stack does of ours. */
const say = ({ message }: { message: string }): void => console.error(message);

/**
 * The minimal Worker, with R2 on disk and an Ittybit of its own like the stack's, in the runtime in which the local stack runs ours: bundled
 * alike, within the platform's limits, its log read. `jobMs`: how long each job takes.
 */
export async function startMinimal(
  { originalSize }: Pick<LocalStack, "originalSize">,
  jobMs: number,
): Promise<MinimalStack> {
  const stateDir = stateFolder("prewarm-minimal-");
  const emulator = await startEmulator({
    pixels: "tiny",
    tinySource: originalSize,
    maxJobs: 1_000_000,
    jobMs: { min: jobMs, max: jobMs },
  });
  const bundles = await bundleWorkers(ENTRIES, false, () => {});
  const [code = "", limits = ""] = Object.keys(ENTRIES).map((name) => bundles.current().get(name));
  await bundles.close();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      cf: false,
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: say,
      resourcePersistencePath: stateDir,
      defaultPersistRoot: stateDir,
      workers: [
        {
          name: "minimal",
          modules: localModules({ code, classes: [], isEdge: false }, limits),
          compatibilityDate: "2026-11-01",
          compatibilityFlags: [LIMITS_FLAG],
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
