import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

/** All JavaScript of the page, gzip, in bytes: what an operator on a slow line waits for. */
const JS_MAX = 60_000;
const CSS_MAX = 12_000;

const folder = new URL("../dist/assets/", import.meta.url);

async function gzipped(extension: string): Promise<number> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(extension));
  if (files.length === 0) throw new Error(`No ${extension} in dist/assets: run \`vite build\` first.`);
  const sizes = await Promise.all(
    files.map(async (name) => gzipSync(await readFile(new URL(name, folder)), { level: 9 }).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

for (const [extension, max] of [
  [".js", JS_MAX],
  [".css", CSS_MAX],
] as const) {
  const bytes = await gzipped(extension);
  const words = `dashboard ${extension}: ${bytes} of ${max} bytes gzip`;
  if (bytes > max) {
    console.error(`${words}: too large`);
    process.exitCode = 1;
  } else console.log(words);
}
