// The pinned pnpm, and the environment in which boot starts programs. Imported by boot.mjs, so no dependencies.
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const windows = process.platform === "win32";

/**
 * `env` without what a folder above `root` may have chosen: npm puts `node_modules/.bin` of every folder above on the PATH of a script, and it
 * hands on the settings of a workspace root above, its registry for example.
 */
export function ownEnvironment(root, env) {
  const path = Object.keys(env).find((name) => /^path$/i.test(name)) ?? "PATH";
  const foreign = new Set(foldersAbove(root).map((folder) => join(folder, "node_modules", ".bin")));
  const kept = (env[path] ?? "").split(delimiter).filter((entry) => !foreign.has(entry));
  const cleaned = { ...env, [path]: kept.join(delimiter) };
  if ([undefined, root].includes(env.npm_config_local_prefix)) return cleaned;
  return Object.fromEntries(Object.entries(cleaned).filter(([name]) => !/^npm_config_/i.test(name)));
}

function foldersAbove(folder) {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...foldersAbove(above)];
}

/**
 * Resolves with the command of the pinned pnpm, which npm brings by a lockfile: npm refuses bytes with another sha512 than the recorded one.
 * A pnpm on the PATH is never used: it may be corepack's shim, which runs the program that the folder above names. `run` starts a program and
 * resolves with its exit code and output.
 */
export async function bringPnpm(root, version, run) {
  const folder = join(root, ".boot-cache", `pnpm-${version}`);
  const command = join(folder, "node_modules", ".bin", windows ? "pnpm.cmd" : "pnpm");
  if (existsSync(command)) return command;
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"])
    copyFileSync(join(root, "scripts", "pnpm", name), join(folder, name));
  console.error(`[boot] first start: npm brings pnpm ${version}`);
  // Without `--workspaces=false` npm looks for a workspace root above, and reads the .npmrc there.
  const args = ["install", "--workspaces=false", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
  const brought = await run("npm", [...args, "--loglevel=error"], folder);
  // pnpm's program is an optional dependency: npm leaves out one with a wrong sum, and reports nothing.
  const tried = brought.code === 0 ? await run(command, ["--version"], root) : brought;
  if (tried.code === 0) return command;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(tried.output);
}
