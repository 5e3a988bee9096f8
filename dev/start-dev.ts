import { defineConfig } from "../packages/shared/src/config.ts";
import { publicConfig } from "../packages/shared/src/public-config.ts";
import { type Judged, judgeSite } from "../scripts/site-faults.ts";
import { announceFaults, readyLines } from "./announce.ts";
import { prepareSamples as makeSamples } from "./samples.ts";
import { type LocalSecret, localSecrets, readSettings } from "./settings.ts";
import { type Stack, startStack } from "./stack.ts";

/** What `prewarm dev` says about the site (apps/cli/src/site/local-stack.ts has the same shape). */
export interface DevSettings {
  /** The site's folder: relative paths of the environment begin there. */
  folder: string;
  /** The configuration file, absolute. */
  config: string;
  /** The folder of both wrangler files, absolute. */
  wranglerFolder: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Originals on this machine, absolute; null: ORIGINALS_DIR, ORIGINALS_URL or the samples. */
  originals: string | null;
  /** Whether every line of the Workers' log is printed. False: warnings and errors only. */
  verbose: boolean;
  /** Whether nothing is printed but faults. */
  quiet: boolean;
  /** Ends the stack. */
  stop: AbortSignal;
  /** Told once, when the stack answers. */
  listening(stack: { edge: string; control: string; originals: string; stateDir: string }): void;
}

// Offline and quiet, whatever wrangler's defaults are.
const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
};
/** A stack that does not close within this time is left to the system, in ms. */
const CLOSE_MS = 5_000;

/** Runs the local stack until `stop` aborts; resolves with 0, or with 1 where it cannot start. Prints what a person needs. */
export async function startDev(settings: DevSettings): Promise<0 | 1> {
  const started = performance.now();
  Object.assign(process.env, QUIET);
  // The parts of the stack read relative paths.
  process.chdir(settings.folder);
  const env = envOf(settings);
  const watch = env.WATCH !== "false";
  try {
    const stackSettings = readSettings(env);
    const reloads = createReloads(settings.config);
    const secrets = (judged: Judged) => localSecrets(judged, env, stackSettings.stateDir);
    const judged = await judgeSite(settings.config);
    const { config, faults } = judged;
    // Printed first: with some faults no Worker starts.
    if (faults.length > 0) announceFaults(faults);
    const restore = keepSignals();
    const stack = await startStack({
      ...stackSettings,
      secrets: async () => valuesOf(secrets(await judgeSite(settings.config))),
      watch,
      verbose: settings.verbose,
      wranglerFolder: settings.wranglerFolder,
      log: (line) => settings.quiet || console.log(`  ${line}`),
      publicConfig: async () =>
        publicConfig((await judgeSite(settings.config)).config ?? defineConfig({ sources: [] })),
      onReload: (ms) => void reloads.after(ms),
    });
    restore();
    const { edgeUrl, controlUrl, originalsUrl } = stack;
    const { stateDir } = stackSettings;
    settings.listening({ edge: edgeUrl, control: controlUrl, originals: originalsUrl, stateDir });
    const found = await reloads.begin(stack);
    const ready = { stack, settings: stackSettings, secrets: secrets(judged) };
    if (found.length === 0 && config !== null && !settings.quiet)
      console.log((await readyLines({ ...ready, config }, performance.now() - started)).join("\n"));
    else if (faults.length === 0 && found.length > 0) announceFaults(found);
    const isUseless = found.length > 0 && !watch;
    if (!isUseless) await aborted(settings.stop);
    setTimeout(() => process.exit(1), CLOSE_MS).unref();
    await stack.close();
    return isUseless ? 1 : 0;
  } catch (error) {
    console.error(`prewarm: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

function envOf({ env, originals }: DevSettings): DevSettings["env"] {
  return originals === null ? env : { ...env, ORIGINALS_DIR: originals };
}

/**
 * Miniflare ends the process at a signal, before the stack is closed and its caller can tidy up. Returns what takes such listeners away; where
 * nobody else listens, they stay.
 */
function keepSignals(): () => void {
  const own = (["SIGINT", "SIGTERM"] as const).map((signal) => ({ signal, before: process.listeners(signal) }));
  return () => {
    for (const { signal, before } of own)
      if (before.length > 0)
        for (const listener of process.listeners(signal))
          if (!before.includes(listener)) process.removeListener(signal, listener);
  };
}

/** Makes the sample pictures in a folder; a file that is there stays. */
export async function prepareSamples(folder: string): Promise<void> {
  await makeSamples(folder);
}

function valuesOf(secrets: Record<string, LocalSecret>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, { value }]) => [name, value]));
}

/** An edit may mend what was at fault, or break what was not. Both Workers are built again, so one edit may reload twice. */
function createReloads(config: string) {
  let stack: Stack | null = null;
  let last = "";
  return {
    async begin(started: Stack): Promise<string[]> {
      stack = started;
      const found = await judgeStack(started, await judgeSite(config));
      last = found.join("\n");
      return found;
    },
    async after(ms: number): Promise<void> {
      if (stack === null) return;
      const found = await judgeStack(stack, await judgeSite(config));
      const before = last;
      last = found.join("\n");
      if (found.length > 0 && last !== before) announceFaults(found);
      if (found.length > 0) return;
      if (before === "")
        console.log(`  reloaded in ${ms} ms; the local queue forgot its messages, the ledger sends what is due again`);
      else console.log(`ready edge=${stack.edgeUrl} control=${stack.controlUrl}`);
    },
  };
}

/** What keeps the stack from being of use: the configuration's faults, else what the consumer says it lacks. */
async function judgeStack({ controlUrl }: Stack, { faults }: Judged): Promise<string[]> {
  if (faults.length > 0) return faults;
  const answer = await fetch(`${controlUrl}/readyz`).catch(() => null);
  if (answer?.status === 200) return [];
  const body: { reasons?: string[] } = (await answer?.json().catch(() => ({}))) ?? {};
  return body.reasons ?? [`${controlUrl}/readyz answers ${answer?.status ?? "nothing"}`];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
