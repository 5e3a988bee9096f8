// Read by VitePress for each version: src/main.ts writes pages and `site.json` into DOCS_STAGE first.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { anchorOf } from "../src/anchors.ts";

const stage = process.env.DOCS_STAGE;
if (stage === undefined) throw new Error("Run npm run docs or npm run docs -- build.");
const { base, themeConfig } = JSON.parse(readFileSync(join(stage, "site.json"), "utf8"));

interface Token {
  type: string;
  tag: string;
  content: string;
}

/** The corner of a table has no text, and a header without text is none. */
function emptyHeaders({ tokens }: { tokens: Token[] }): void {
  for (const [n, token] of tokens.entries())
    if (token.type === "th_open" && tokens[n + 1]?.content === "")
      for (const tag of [token, tokens[n + 2]]) if (tag !== undefined) tag.tag = "td";
}

export default {
  title: "Prewarm",
  description: "Image URLs that never block and never break, on Cloudflare Workers, Queues and R2",
  head: [["link", { rel: "icon", href: `${base}icon.svg` }]],
  lang: "en",
  base,
  srcDir: stage,
  cacheDir: join(stage, ".cache"),
  srcExclude: ["public/**"],
  ignoreDeadLinks: "localhostLinks",
  // GitHub's anchors: the pages' links are written for it, and scripts/docs.test.ts holds them.
  markdown: {
    anchor: { slugify: anchorOf },
    languageAlias: { mjs: "javascript", groq: "javascript" },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (md: { core: { ruler: { push(name: string, rule: (state: { tokens: Token[] }) => void): void } } }) =>
      md.core.ruler.push("empty-headers", emptyHeaders),
  },
  vite: {
    // The index of the search is one file, which a reader loads with the first search.
    build: { chunkSizeWarningLimit: 1_000 },
    resolve: {
      alias: [{ find: /^.*\/VPNavBarSearch\.vue$/, replacement: join(import.meta.dirname, "theme/search.ts") }],
    },
  },
  transformHead: ({ pageData }: { pageData: { relativePath: string } }) => [
    ["link", { rel: "alternate", type: "text/markdown", href: base + pageData.relativePath }],
  ],
  themeConfig: {
    ...themeConfig,
    logo: "/icon.svg",
    nav: [{ text: "Where to begin", link: "/start.md" }],
    outline: [2, 3],
    search: { provider: "local" },
  },
};
