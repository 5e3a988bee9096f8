import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";

const ENTRY = fileURLToPath(new URL("src/main.tsx", import.meta.url));

/** What a button on a page asks for. The page does not wait for it. */
const ON_DEMAND = /\/(contact-sheet|similarity)\.tsx?$/;
/** The entry has a chunk of its own, because Vite writes none for an entry that is part of a group. */
const isAlone = (id: string) => id === ENTRY || ON_DEMAND.test(id);
/**
 * JSX as calls of `h(type, props, ...children)`. Vite's default, `jsx(type, {children})`, is 0.9 kB larger after gzip. The
 * names are no variable's.
 */
const SMALL_JSX: Plugin[] = [
  {
    name: "small-jsx",
    enforce: "pre",
    transform: (code, id) =>
      id.endsWith(".tsx") ? `import { h as jsxCall, Fragment as JsxFragment } from "preact";${code}` : null,
  },
  {
    name: "small-jsx-options",
    enforce: "post",
    config: () => ({ oxc: { jsx: { runtime: "classic", pragma: "jsxCall", pragmaFrag: "JsxFragment" } } }),
  },
];

/** The part of rolldown's module graph that `isFirst` reads. */
interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null;
}

let first: Set<string> | null = null;

/** Whether the entry imports a module statically, itself or by others. The first page loads these and nothing else. */
function isFirst(id: string, graph: Graph): boolean {
  if (first === null) {
    first = new Set([ENTRY]);
    for (const one of first) for (const next of graph.getModuleInfo(one)?.importedIds ?? []) first.add(next);
  }
  return first.has(id);
}

export default defineConfig({
  // No dev-only hooks and no babel: the signals need neither.
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false }), ...SMALL_JSX],
  build: {
    target: "es2023",
    // The CSP knows no `data:` address, and nothing is inlined into the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // One chunk of all other pages is a quarter smaller than a chunk a page, because gzip sees their repetitions. One chunk of the first
        // page is 2 kB smaller than what is shared in several.
        codeSplitting: {
          includeDependenciesRecursively: false,
          // Vite's own helpers are the first page's.
          groups: [
            {
              test: /\.m?[jt]sx?$/,
              name: (id, graph) => (isAlone(id) ? null : isFirst(id, graph) ? "first" : "pages"),
              debugName: "first and pages",
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://localhost:8788" } },
});
