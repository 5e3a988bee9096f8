import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

/*
 * What an operator on a slow line waits for, gzip, in bytes: the scripts and styles that index.html names, which show the overview and the
 * jobs. The other pages come in one chunk when one of them is asked for, and the contact sheet when its button is pressed.
 */
const FIRST_MAX = { ".js": 40_000, ".css": 12_000 } as const;
const MORE_MAX = { ".js": 38_000, ".css": 12_000 } as const;
const DEMAND_MAX = { ".js": 3_000, ".css": 0 } as const;
/** Names of chunks that no page waits for. */
const ON_DEMAND = /^contact-sheet-/;

const dist = new URL("../dist/", import.meta.url);
const html = await readFile(new URL("index.html", dist), "utf8");
const files = await readdir(new URL("assets/", dist));
if (files.length === 0) throw new Error("Nothing in dist/assets: run `vite build` first.");

async function gzipped(names: string[]): Promise<number> {
  const sizes = await Promise.all(
    names.map(async (name) => gzipSync(await readFile(new URL(`assets/${name}`, dist)), { level: 9 }).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

for (const ending of [".js", ".css"] as const) {
  const ours = files.filter((name) => name.endsWith(ending));
  for (const [what, max, names] of [
    ["first page", FIRST_MAX[ending], ours.filter((name) => html.includes(name))],
    ["other pages", MORE_MAX[ending], ours.filter((name) => !html.includes(name) && !ON_DEMAND.test(name))],
    ["on demand", DEMAND_MAX[ending], ours.filter((name) => ON_DEMAND.test(name))],
  ] as const) {
    const bytes = await gzipped(names);
    const words = `dashboard ${what}, ${ending}: ${bytes} of ${max} bytes gzip`;
    if (bytes > max) {
      console.error(`${words}: too large`);
      process.exitCode = 1;
    } else console.log(words);
  }
}
