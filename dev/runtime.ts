import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorkers } from "./bundle.ts";
import { gateTo, guarded, guardedAndCounted } from "./loopback-guard.ts";
import { stateRoot } from "./settings.ts";

export interface RuntimeOptions {
  edgePort: number;
  controlPort: number;
  stateDir: string;
  watch: boolean;
  /** Vars and secrets of both Workers: production sets them with `wrangler secret put`. */
  bindings: Record<string, string>;
  onReload(milliseconds: number): void;
}

export interface Runtime {
  /** Runs the consumer's cron handler once, as the platform does each minute. */
  cron(cron: string): Promise<void>;
  close(): Promise<void>;
}

const CONFIGS = { "prewarm-consumer": "wrangler.consumer.toml", "prewarm-edge": "wrangler.edge.toml" };

/** Both Workers in one Miniflare, read from the two wrangler files, so that local and production cannot drift apart. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const workers = Object.entries(CONFIGS).map(([name, file]) => ({
    name,
    ...unstable_getMiniflareWorkerOptions(file),
  }));
  const entries = Object.fromEntries(workers.map(({ name, main }) => [name, main ?? ""]));
  let reload = () => {};
  const bundles = await bundleWorkers(entries, options.watch, () => reload());
  const describe = () => miniflareOptions(options, workers, bundles.current());
  const miniflare = new Miniflare(describe());
  await miniflare.ready;
  reload = debounce(async () => {
    const started = performance.now();
    await miniflare.setOptions(describe());
    options.onReload(Math.round(performance.now() - started));
  });
  return {
    cron: async (cron) => {
      const consumer = await miniflare.getWorker("prewarm-consumer");
      await consumer.scheduled({ cron, scheduledTime: new Date() });
    },
    close: async () => {
      await bundles.close();
      await miniflare.dispose();
    },
  };
}

type WorkerDescription = { name: string } & ReturnType<typeof unstable_getMiniflareWorkerOptions>;

function miniflareOptions(options: RuntimeOptions, workers: WorkerDescription[], code: Map<string, string>) {
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    // The gate is the entry Worker; behind it the consumer has the asset router in front. The edge has a socket of its own, for speed.
    port: options.controlPort,
    cf: false,
    log: new Log(LogLevel.WARN),
    resourcePersistencePath: stateRoot(options.stateDir),
    defaultPersistRoot: stateRoot(options.stateDir),
    workers: [
      gateTo("prewarm-consumer"),
      ...workers.map(({ name, workerOptions }) => {
        const { modulesRules: _, ...rest } = workerOptions;
        return {
          ...rest,
          name,
          bindings: { ...(rest.bindings as Record<string, string>), ...options.bindings },
          modules: (name === "prewarm-edge" ? guardedAndCounted : guarded)(code.get(name) ?? ""),
          ...(name === "prewarm-edge" ? { unsafeDirectSockets: [{ host: "127.0.0.1", port: options.edgePort }] } : {}),
        };
      }),
    ],
  });
}

/** One reload for a round of edits; reloads never overlap. */
function debounce(run: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      last = last.then(run).catch((error) => console.error(error));
    }, 50);
  };
}
