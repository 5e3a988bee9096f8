import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import type { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { listen } from "../../dev/listen.ts";
import { BASE } from "../../packages/client/src/testing/ask-edge.ts";
import { visitWithWorker } from "../../test/e2e/worker-visit.ts";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;

/** Puts the `workbox.js` of a folder where the real packages are installed under a page, and shows it a cold image. */
export async function workboxFaults(browser: Browser, folder: string, edgeUrl: string): Promise<string[]> {
  const example = readFileSync(join(folder, "workbox.js"), "utf8").replace(BASE, edgeUrl);
  const { outputFiles } = await build({
    // The page is to be the worker's without a reload.
    stdin: {
      contents: `${example}addEventListener("activate", (event) => event.waitUntil(clients.claim()));`,
      resolveDir: folder,
    },
    define: { "process.env.NODE_ENV": '"production"' },
    bundle: true,
    format: "esm",
    write: false,
  });
  const site = createServer(({ url }, response) => {
    if (url === "/sw.js") response.setHeader("content-type", "text/javascript").end(outputFiles[0]?.text);
    else response.setHeader("content-type", "text/html").end("<!doctype html><link rel=icon href=data:,>");
  });
  const port = await listen(site, 0);
  try {
    const url = `${edgeUrl}/images/hero.jpg?w=320&f=auto&v=workbox`;
    const { cold, next } = await visitWithWorker(browser, `http://localhost:${port}`, url, "images");
    const seen = [cold.width, cold.kept, next.width, next.kept].join();
    return seen === "1024,0,320,1" ? [] : [`workbox shows and keeps ${seen} instead of 1024,0,320,1`];
  } finally {
    site.close();
  }
}
