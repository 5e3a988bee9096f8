import { build } from "esbuild";
import type { LocalWorkers } from "../../dev/runtime.ts";

/** Builds one of this repository's Workers with another prewarm.config.ts, which may hold functions. */
async function workerOf(name: "edge" | "consumer", site: string): Promise<string> {
  const config = { filter: /\/prewarm\.config\.ts$/ };
  const { outputFiles } = await build({
    entryPoints: [`workers/${name}/src/worker.ts`],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*", "node:*"],
    plugins: [
      {
        name: "site",
        setup: (it) => void it.onLoad(config, () => ({ contents: site, loader: "ts", resolveDir: process.cwd() })),
      },
    ],
  });
  return outputFiles?.[0]?.text ?? "";
}

/** The local Workers, of which these are built with another prewarm.config.ts. */
export async function withSite(
  site: string,
  names: readonly ("edge" | "consumer")[],
): Promise<(workers: LocalWorkers) => LocalWorkers> {
  const codes = new Map<string | undefined, string>();
  for (const name of names) codes.set(`prewarm-${name}`, await workerOf(name, site));
  return (workers) =>
    workers.map((worker) => {
      const code = codes.get(worker.name);
      if (code === undefined) return worker;
      const modules = worker.modules.map((one) => (one.path === "worker.mjs" ? { ...one, contents: code } : one));
      return { ...worker, modules };
    });
}
