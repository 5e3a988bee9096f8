import { cp, glob, mkdir, mkdtemp, readdir, realpath, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";

const SKIPPED = new Set(["node_modules", ".git", ".wrangler", "dist", ".cache"]);

/** A temporary copy of the tree, which a mutation may change. Answers its folder. */
export async function copyTree(root: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "prewarm-mutations-"));
  await cp(root, copy, { recursive: true, filter: (path) => !SKIPPED.has(basename(path)) });
  await linkModules(root, copy, ".");
  for await (const folder of glob("{workers,packages,apps}/*", { cwd: root })) await linkModules(root, copy, folder);
  return copy;
}

/** A folder of links to everything installed, except our own packages: those are the copy's. */
async function linkModules(root: string, copy: string, folder: string): Promise<void> {
  const from = join(root, folder, "node_modules");
  const names = await readdir(from).catch(() => []);
  if (names.length === 0) return;
  await mkdir(join(copy, folder, "node_modules"), { recursive: true });
  for (const name of names) {
    const to = join(copy, folder, "node_modules", name);
    if (name === ".vite" || name === ".cache") continue;
    if (name !== "@prewarm") await symlink(join(from, name), to);
    else await linkOwn(root, copy, { from: join(from, name), to });
  }
}

/** Our own packages, which find each other by name. */
async function linkOwn(root: string, copy: string, { from, to }: { from: string; to: string }): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from))
    await symlink(join(copy, relative(root, await realpath(join(from, name)))), join(to, name));
}
