// Writes down what the real libraries ask our loaders for while they build the examples that the pages for page authors show:
// `record-examples.ts [name…]`. packages/client/test/sweep.test.ts replays it, so that CI needs none of the libraries. Run it anew when an
// example or the version of a library changes; the test says when.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleHash } from "../../packages/client/test/sweep/example-hash.ts";
import { buildSite, env, inFolder, PAGES } from "./example-folder.ts";

const root = join(import.meta.dirname, "../..");
const CALLS = "https://calls.example/";

/** Every URL is a call: the loader's options and what the library gave it. */
const RECORDED = `
export const recorded = (options, ...asked) =>
  "${CALLS}" + encodeURIComponent(JSON.stringify({ options, asked })).replace(/['()]/g, escape);
const escape = (letter) => "%" + letter.charCodeAt(0).toString(16);
`;

/** In whose place in which file the recorder stands, and what it is. */
const RECORDERS: Record<string, { file: string; from: string; code: string }> = {
  next: {
    file: "next.config.mjs",
    from: "@prewarm/client/next",
    code: `
import { withPrewarm as real } from "@prewarm/client/next";
export const withPrewarm = (config, options) => real(config, { ...options, loaderFile: "./record-loader.mjs" });
`,
  },
  nuxt: {
    file: "nuxt.config.mjs",
    from: "@prewarm/client/nuxt",
    code: `
import { recorded } from "./recorded.mjs";
export default () => ({
  getImage: (src, { modifiers, baseUrl, pages }) => ({ url: recorded({ baseUrl, pages }, src, { modifiers }) }),
});
`,
  },
  astro: {
    file: "astro.config.mjs",
    from: "@prewarm/client/astro",
    code: `
import service from "@prewarm/client/astro";
import { recorded } from "./recorded.mjs";
export default { ...service, getSrcSet: () => [], getURL: (asked, config) => recorded(config.service.config, asked) };
`,
  },
  unpic: {
    file: "write-page.mjs",
    from: "@prewarm/client/unpic",
    code: `
import { recorded } from "./recorded.mjs";
export { breakpoints } from "@prewarm/client/unpic";
export const createTransformer = (options) => (src, asked) => recorded(options, String(src), asked);
`,
  },
  eleventy: {
    file: "eleventy.config.mjs",
    from: "@prewarm/client/eleventy",
    code: `
import { eleventyOptions as real } from "@prewarm/client/eleventy";
import { recorded } from "./recorded.mjs";
export const eleventyOptions = (options) => ({ ...real(options), urlFormat: (stats) => recorded(options, stats) });
`,
  },
};
/** Next reads a loader out of the bundle, where `withPrewarm` has put the options. */
const NEXT_LOADER = `
import { recorded } from "./recorded.mjs";
export default (call) => recorded(JSON.parse(process.env.PREWARM_PUBLIC), call);
`;

/** Calls of an example's page, each once, in the order of the page. */
function callsOf(name: string): Promise<unknown[]> {
  return inFolder(name, async (folder) => {
    const { file, from, code } = RECORDERS[name] ?? { file: "", from: "", code: "" };
    const config = readFileSync(join(folder, file), "utf8");
    writeFileSync(join(folder, file), config.replace(from, "./record.mjs"));
    writeFileSync(join(folder, "record.mjs"), code);
    writeFileSync(join(folder, "recorded.mjs"), RECORDED);
    writeFileSync(join(folder, "record-loader.mjs"), NEXT_LOADER);
    const site = await buildSite(name, folder);
    try {
      const html = await (await fetch(site.url)).text();
      const urls = html.replaceAll("&amp;", "&").match(/https:\/\/calls\.example\/[\w%.!~*-]+/g) ?? [];
      return [...new Set(urls)].map((url) => JSON.parse(decodeURIComponent(url.slice(CALLS.length))));
    } finally {
      site.close();
    }
  });
}

const asked = process.argv.slice(2);
execFileSync(process.execPath, [join(root, "packages/client/scripts/build.ts")], { env, stdio: "inherit" });
for (const name of Object.keys(PAGES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const calls = await callsOf(name);
  const file = join(root, "packages/client/test/sweep/calls", `${name}.json`);
  writeFileSync(file, JSON.stringify({ example: exampleHash(name), calls }));
  execFileSync("biome", ["format", "--write", file], { env, stdio: "inherit" });
  console.log(`${name}: ${calls.length} calls`);
}
