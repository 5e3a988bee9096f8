import { join } from "node:path";
import { FILES } from "@prewarm/wrangler-files/wrangler-files";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { bundleWorkers } from "./bundle.ts";
import { BROKEN, type Limits } from "./limits/limits.ts";
import { gateTo, LIMITS_ENTRY, LIMITS_FLAG, localModules } from "./local-modules.ts";
import { stateRoot } from "./settings.ts";

export interface RuntimeOptions {
  edgePort: number;
  controlPort: number;
  stateDir: string;
  /** Where the two wrangler files are. */
  wranglerFolder: string;
  watch: boolean;
  /** Print every line of the Workers' log, not only warnings and errors. */
  verbose: boolean;
  /** Vars and secrets of both Workers: a deployment has them from `prewarm provision`. Asked again at each reload. */
  bindings(): Promise<Record<string, string>>;
  /** Where the gallery is served, to which the control port leads. */
  galleryUrl: string;
  onReload(milliseconds: number): void;
  /** Instead of the platform's, for a test. */
  limits?: Partial<Limits>;
  /** Puts other Workers in the place of these, for a test. */
  arrange?(workers: LocalWorkers): LocalWorkers;
}

export type LocalWorkers = ReturnType<typeof describeWorker>[];

export interface Runtime {
  /** Runs the consumer's cron handler once, as the platform does each minute. */
  cron(cron: string): Promise<void>;
  /** The platform's limits that were broken so far, a sentence each. */
  brokenLimits: readonly string[];
  close(): Promise<void>;
}

const EDGE = "prewarm-edge";
const CONSUMER = "prewarm-consumer";
const CONFIGS = { [CONSUMER]: FILES.consumer, [EDGE]: FILES.edge };

/** Both Workers in one Miniflare, read from the top level of the two wrangler files, so that local and production cannot drift apart. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const files = Object.entries(CONFIGS).map(([name, file]) => ({ name, file: join(options.wranglerFolder, file) }));
  const workers = files.map(({ name, file }) => ({ name, ...unstable_getMiniflareWorkerOptions(file) }));
  // One configuration for both Workers, so one alias.
  const [{ alias = {} } = {}] = files.map(({ file }) => unstable_readConfig({ config: file }, { hideWarnings: true }));
  const entries = Object.fromEntries(workers.map(({ name, main }) => [name, main ?? ""]));
  let reload = () => {};
  const bundles = await bundleWorkers({ ...entries, limits: LIMITS_ENTRY }, options.watch, () => reload(), alias);
  const brokenLimits: string[] = [];
  const hear = (line: string) => void (line.startsWith(BROKEN) && brokenLimits.push(line));
  const describe = async () => {
    const bindings = await options.bindings();
    return miniflareOptions({ ...options, bindings }, workers, bundles.current(), hear);
  };
  const miniflare = new Miniflare(await describe());
  await miniflare.ready;
  reload = debounce(async () => {
    const started = performance.now();
    await miniflare.setOptions(await describe());
    options.onReload(Math.round(performance.now() - started));
  });
  return {
    brokenLimits,
    cron: async (cron) => {
      const consumer = await miniflare.getWorker(CONSUMER);
      await consumer.scheduled({ cron, scheduledTime: new Date() });
    },
    close: async () => {
      await bundles.close();
      await miniflare.dispose();
    },
  };
}

type WorkerDescription = { name: string } & ReturnType<typeof unstable_getMiniflareWorkerOptions>;

/** The options of one build. */
type Described = Omit<RuntimeOptions, "bindings"> & { bindings: Record<string, string> };

function miniflareOptions(
  options: Described,
  workers: WorkerDescription[],
  code: Map<string, string>,
  hear: (line: string) => void,
) {
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    // The gate is the entry Worker; behind it the consumer has the asset router in front. The edge has a socket of its own, for speed.
    port: options.controlPort,
    cf: false,
    log: new Log(LogLevel.WARN),
    handleStructuredLogs: ({ level, message }) => {
      hear(message);
      const isTrouble = level === "error" || level === "warn";
      if (isTrouble || options.verbose) (isTrouble ? console.error : console.log)(message);
    },
    resourcePersistencePath: stateRoot(options.stateDir),
    defaultPersistRoot: stateRoot(options.stateDir),
    workers: [
      gateTo(CONSUMER, options.galleryUrl),
      ...(options.arrange ?? ((as) => as))(workers.map((worker) => describeWorker(worker, options, code))),
    ],
  });
}

function describeWorker({ name, workerOptions }: WorkerDescription, options: Described, code: Map<string, string>) {
  const { modulesRules: _, ...rest } = workerOptions;
  return {
    ...rest,
    name,
    bindings: { ...(rest.bindings as Record<string, string>), ...options.bindings },
    compatibilityFlags: [...((rest.compatibilityFlags as string[] | undefined) ?? []), LIMITS_FLAG],
    modules: localModules(
      {
        code: code.get(name) ?? "",
        classes: name === CONSUMER ? ["Ledger", "Misses"] : [],
        isEdge: name === EDGE,
        ...(name === EDGE ? { home: homeOf(options) } : {}),
      },
      code.get("limits") ?? "",
      options.limits,
    ),
    ...(name === EDGE ? { unsafeDirectSockets: [{ host: "127.0.0.1", port: options.edgePort }] } : {}),
  };
}

/** What a person sees who opens the edge's address without a path. */
function homeOf({ controlPort }: Pick<RuntimeOptions, "controlPort">): string {
  const control = `http://localhost:${controlPort}`;
  return `<!doctype html><html lang="en"><title>Prewarm's edge, locally</title><p>This is the local edge, which answers <code>/images/…</code>.
<p><a href="${control}/gallery">Gallery</a> · <a href="${control}/">Dashboard</a>`;
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
