import { existsSync } from "node:fs";
// Under a name of its own: the bundle begins with an import of `createRequire`.
import { createRequire as requireFrom } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGES } from "@prewarm/shared/packages";
import type { Installation } from "@prewarm/wrangler-files/common";
import { REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { VERSION } from "../version.ts";

/** The folder of a site where commands write what is not committed: generated wrangler files, addresses, states of runs. */
export const OWN_FOLDER = ".prewarm";

/** Where the running program comes from, and the site that it works for. */
export interface Found {
  /** `repository`: Prewarm's sources, with a site in them. `package`: `node_modules/prewarm` of a site. */
  kind: "repository" | "package";
  version: string;
  /** The site's folder, absolute: it holds prewarm.config.ts. */
  folder: string;
  /** The folder of the wrangler files, absolute. In a package they are generated there and not committed. */
  wranglerFolder: string;
  /** Paths of the parts, from the wrangler files. */
  files: Installation;
  /** wrangler.js, absolute; null: it is not installed. */
  wrangler: string | null;
}

/**
 * Decides by the running file: TypeScript is this repository, the bundle `dist/prewarm.mjs` is a package. `config` is the site's configuration
 * file, absolute. `running` is for tests.
 */
export function findInstallation(config: string, running: string = fileURLToPath(import.meta.url)): Found {
  const folder = dirname(config);
  const root = repositoryRoot(running);
  if (root !== null) {
    const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
    return { kind: "repository", version: VERSION, folder, wranglerFolder: folder, files: REPOSITORY, wrangler };
  }
  const wranglerFolder = join(folder, OWN_FOLDER);
  return {
    kind: "package",
    version: VERSION,
    folder,
    wranglerFolder,
    files: packageFiles(dirname(running), wranglerFolder, config),
    wrangler: findWrangler(config),
  };
}

/** The root of the repository whose sources run; null: a package runs. */
export function repositoryRoot(running: string = fileURLToPath(import.meta.url)): string | null {
  return running.endsWith(".ts") ? join(dirname(running), "../../../..") : null;
}

function packageFiles(dist: string, wranglerFolder: string, config: string): Installation {
  const path = (file: string): string => relative(wranglerFolder, file).split(sep).join("/");
  const worker = (name: string): string => {
    const own = join(dirname(config), `${name}.ts`);
    return path(existsSync(own) ? own : join(dist, `${name}.js`));
  };
  return {
    // A site may have Workers of its own (docs/install.md).
    edge: worker("edge"),
    consumer: worker("consumer"),
    dashboard: path(join(dist, "dashboard")),
    site: config,
    check: "npx prewarm check --offline --quiet",
    print: "npx prewarm print wrangler",
  };
}

/** The site's own wrangler, else the one that the local stack brings, which not every package manager puts beside it. */
function findWrangler(config: string): string | null {
  const local = resolveFrom(config, `${PACKAGES.local}/package.json`);
  for (const from of [config, local]) {
    const manifest = from === null ? null : resolveFrom(from, "wrangler/package.json");
    if (manifest !== null) return join(dirname(manifest), "bin/wrangler.js");
  }
  return null;
}

function resolveFrom(file: string, name: string): string | null {
  try {
    return requireFrom(file).resolve(name);
  } catch {
    return null; // not installed there
  }
}
