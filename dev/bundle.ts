import { type BuildContext, type BuildOptions, build, context, type Plugin } from "esbuild";

export interface Bundles {
  /** Code of each Worker by name, as last built without an error. */
  current(): Map<string, string>;
  close(): Promise<void>;
}

const AS_WRANGLER = {
  bundle: true,
  write: false,
  format: "esm",
  target: "es2024",
  platform: "neutral",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["module", "main"],
  external: ["node:*", "cloudflare:*"],
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * Bundles Workers the way wrangler does, and again after each edit; `onChange` is called once a round of edits has built. `alias`: other files
 * for what they import, as in a wrangler file.
 */
export async function bundleWorkers(
  entries: Record<string, string>,
  watch: boolean,
  onChange: () => void,
  alias: Record<string, string> = {},
): Promise<Bundles> {
  const built = new Map<string, string>();
  const contexts: BuildContext[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    contexts.push(await context({ ...options(entry, keep(name, built, onChange)), alias }));
  }
  const first = await Promise.allSettled(contexts.map((one) => one.rebuild()));
  const broken = first.find((result) => result.status === "rejected");
  if (broken && !watch) throw broken.reason;
  if (watch) await Promise.all(contexts.map((one) => one.watch()));
  return {
    current: () => built,
    close: async () => {
      await Promise.all(contexts.map((one) => one.dispose()));
    },
  };
}

function options(entry: string, plugin: Plugin): BuildOptions {
  return { ...AS_WRANGLER, entryPoints: [entry], sourcemap: "inline", plugins: [plugin] };
}

/** One Worker as a release leaves it: minified. */
export async function bundleRelease(entry: string): Promise<string> {
  const { outputFiles } = await build({ ...AS_WRANGLER, entryPoints: [entry], minify: true });
  return outputFiles[0]?.text ?? "";
}

function keep(name: string, built: Map<string, string>, onChange: () => void): Plugin {
  return {
    name: "keep",
    setup(build) {
      build.onEnd((result) => {
        const code = result.outputFiles?.[0]?.text;
        // After a syntax error the last good code goes on serving.
        if (result.errors.length > 0 || code === undefined || built.get(name) === code) return;
        const isEdit = built.has(name);
        built.set(name, code);
        if (isEdit) onChange();
      });
    },
  };
}
