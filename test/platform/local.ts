import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleRelease } from "../../dev/bundle.ts";

/** The conformance Worker's wrangler file: the local run and the deployed Worker have the same settings. */
export const CONFIG = join(import.meta.dirname, "wrangler.toml");

export interface RunningWorker {
  url: string;
  close(): Promise<void>;
}

/** The Worker in workerd, with its storage in memory. */
export async function startLocal(key: string, entry = "worker/worker.ts"): Promise<RunningWorker> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  const { modulesRules: _, ...options } = workerOptions;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      cf: false,
      ...options,
      bindings: { RUN_KEY: key },
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: await bundleRelease(join(import.meta.dirname, entry)) },
      ],
    }),
  );
  const url = (await miniflare.ready).origin;
  return { url, close: () => miniflare.dispose() };
}
