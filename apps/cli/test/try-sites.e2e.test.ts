import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listen } from "../../../dev/listen.ts";
import { startTestStack, type TestStack, until } from "../../../test/e2e/stack.ts";
import { startTry, type TryProcess } from "../../../test/e2e/try-process.ts";
import { withSite } from "../../../test/e2e/with-site.ts";
import { tempFolder } from "../../../test/temp-folder.ts";
import { launchBrowser } from "../../dashboard/test/browser.ts";
import { serveFolder } from "../src/pages/serve-folder.ts";
import { SITES, writeFourSites } from "./testing/four-sites.ts";
import { measuredAgain } from "./testing/measured-again.ts";
import { startPrewarm } from "./testing/run-prewarm.ts";

/*
 * The figures of `prewarm try` for four sites, beside an installation of the same sites: `prewarm rewrite` changes their pages, the edge reads
 * WordPress's old addresses, and a browser loads the pages.
 */

/** Of bytes of images, as a share. */
const NEAR = 0.02;
const SITE = `
import { wordpress } from "@prewarm/legacy-urls/wordpress";
import { defineConfig } from "@prewarm/shared/config";
export default defineConfig({
  sources: [{ prefix: "", url: "https://originals.example.com/{id}" }],
  legacy: [wordpress({ id: (name) => "wp-content/uploads/" + name })],
});
`;
const PLAIN = `export default { sources: [{ prefix: "", url: "https://originals.example.com/{id}" }] };\n`;

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
interface Figures {
  images: [before: number, shipped: number, changed: number];
  rewritten: number;
  old: number;
  asItIs: number;
}
interface Row {
  site: string;
  try: Figures;
  /** Bytes of images that a browser loads of the pages as they are, and of the installation's. */
  before: number;
  installed: number;
  /** Images that `prewarm rewrite` changed. */
  rewritten: number;
}

const pages = join(tempFolder("prewarm-sites-"), "sites");
const rewritten = `${pages}-rewritten`;
let browser: Browser;
let stack: TestStack | undefined;
const rows: Row[] = [];
const closing: (() => unknown)[] = [];

const newPage = async () => (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
type Page = Awaited<ReturnType<typeof newPage>>;
/** Lazy ones included, also those that a script loads. */
const showAll = (page: Page): Promise<void> =>
  page.evaluate(`Promise.all([...document.images].map(async (image) => {
    image.loading = "eager";
    while (!image.currentSrc) await new Promise(requestAnimationFrame);
    await image.decode();
  })).then(() => {})`);

/** What `prewarm try` says of each site. */
async function figuresOfTry(): Promise<Map<string, Figures>> {
  const trial: TryProcess = await startTry(["try", pages], tempFolder("prewarm-try-"));
  const found = new Map<string, Figures>();
  try {
    await until(
      "it has read the pages, and made their variants",
      async () => trial.said(),
      (said) => said.includes("As the pages stand"),
    );
    for (const site of SITES) {
      const page = await newPage();
      await page.goto(new URL(`${site}/`, trial.url).href);
      await showAll(page);
      const bar = page.locator("prewarm-bar[data-state]");
      // A picture that only a script loads is made now.
      await until(
        `${site} is made`,
        () => bar.getAttribute("data-state"),
        (state) => state === "warm" || state === "ready",
      );
      await page.reload();
      await showAll(page);
      await until(
        `${site} is warm`,
        () => bar.getAttribute("data-state"),
        (state) => state === "warm",
      );
      await measuredAgain(page);
      found.set(site, JSON.parse((await bar.getAttribute("data-figures")) ?? ""));
      await page.context().close();
    }
  } finally {
    await trial.stop();
  }
  return found;
}

/** Bytes of the pictures that a browser loads of a page. */
async function bytesOf(url: string): Promise<number> {
  const page = await newPage();
  const bodies: Promise<number>[] = [];
  page.on("response", (answer) => {
    const isPicture = /^image\/(jpeg|webp|avif|png)/.test(answer.headers()["content-type"] ?? "");
    if (answer.status() === 200 && isPicture) bodies.push(answer.body().then((body) => body.length));
  });
  await page.goto(url, { waitUntil: "load" });
  await showAll(page);
  const sizes = await Promise.all(bodies);
  await page.context().close();
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** The sites' host, whose uploads folder a route leads to the edge. */
async function serveInstalled(edgeUrl: string, filesUrl: string): Promise<string> {
  const server = createServer(async ({ url = "/", headers }, response) => {
    const to = url.startsWith("/wp-content/uploads/") ? edgeUrl : filesUrl;
    const answer = await fetch(to + url, { headers: { accept: headers.accept ?? "*/*" } });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  closing.push(() => server.close());
  return `http://localhost:${await listen(server, 0)}`;
}

/** An installation: its variants are made, its pages rewritten. Returns where they are, and how many images each site's rewriting changed. */
async function install(ids: readonly string[], originals: string) {
  const options = { arrange: await withSite(SITE, ["edge"]), originalsUrl: `${originals}/{id}`, verbose: false };
  stack = await startTestStack(options);
  const { edgeUrl, controlUrl, adminToken } = stack;
  const cwd = tempFolder("prewarm-site-");
  writeFileSync(join(cwd, "prewarm.config.ts"), PLAIN);
  const env = { PREWARM_URL: controlUrl, PREWARM_EDGE_URL: edgeUrl, ADMIN_TOKEN: adminToken };
  const prewarm = async (...args: string[]) => {
    const { code, stdout, stderr } = await startPrewarm(args, { cwd, env, stdin: ids.join("\n") }).ended;
    expect(code, stderr).toBe(0);
    return stdout;
  };
  await prewarm("warm", "-", "--wait");
  cpSync(pages, rewritten, { recursive: true });
  const changed = new Map<string, number>();
  for (const site of SITES) {
    const said = await prewarm("rewrite", join(rewritten, site), "--from", "/", "--json");
    changed.set(site, JSON.parse(said).images);
  }
  const served = await serveFolder(rewritten);
  closing.push(served.close);
  return { url: await serveInstalled(edgeUrl, served.url), changed };
}

beforeAll(async () => {
  const ids = await writeFourSites(pages);
  browser = await launchBrowser();
  const shown = await figuresOfTry();
  const plain = await serveFolder(pages);
  closing.push(plain.close);
  const { url, changed } = await install(ids, plain.url);
  for (const site of SITES) {
    const figures = shown.get(site);
    if (figures === undefined) throw new Error(`no figures of ${site}`);
    const before = await bytesOf(`${plain.url}/${site}/`);
    const installed = await bytesOf(`${url}/${site}/`);
    rows.push({ site, try: figures, before, installed, rewritten: changed.get(site) ?? 0 });
  }
  const file = process.env.TRY_FACTS;
  if (file !== undefined) writeFileSync(file, tableOf(rows));
});
afterAll(async () => {
  for (const close of closing) close();
  await browser?.close();
  await stack?.close();
  rmSync(rewritten, { recursive: true, force: true });
});

function tableOf(all: readonly Row[]): string {
  const kb = (bytes: number): string => (bytes / 1000).toFixed(1);
  const line = ({ site, try: { images, rewritten: n, old, asItIs }, ...installed }: Row): string =>
    `| ${[
      site,
      ...[images[0], installed.before, images[1], installed.installed].map(kb),
      `${((images[1] / installed.installed - 1) * 100).toFixed(2)} %`,
      `${n} of ${n + old + asItIs}`,
      installed.rewritten,
      old,
      kb(images[2]),
    ].join(" | ")} |`;
  const head = [
    "site",
    "before: try, kB",
    "browser",
    "as it stands: try, kB",
    "browser on the installation",
    "difference",
    "by the rewriter: try",
    "`prewarm rewrite`",
    "old addresses: try",
    "markup changed: try, kB",
  ];
  return [`| ${head.join(" | ")} |`, `|---${"|--:".repeat(head.length - 1)}|`, ...all.map(line), ""].join("\n");
}

describe.each(SITES)("of the %s, prewarm try", (site) => {
  const row = (): Row => rows.find((one) => one.site === site) as Row;

  it("counts the images that prewarm rewrite changes", () => {
    expect(row().try.rewritten).toBe(row().rewritten);
  });

  it("says within 2 % what a browser loads, of the site and of its installation", () => {
    const { images } = row().try;
    expect(Math.abs(images[0] / row().before - 1), tableOf(rows)).toBeLessThan(NEAR);
    expect(Math.abs(images[1] / row().installed - 1), tableOf(rows)).toBeLessThan(NEAR);
  });
});

it("reads and rewrites what these sites are made for", () => {
  const counts = rows.map(({ site, try: { rewritten: n, old, asItIs } }) => [site, n, old, asItIs]);
  expect(counts).toEqual([
    ["shop", 1, 0, 3],
    ["magazine", 1, 0, 4],
    ["feed", 1, 0, 4],
    ["blog", 2, 2, 0],
  ]);
  expect(readFileSync(join(rewritten, "shop/index.html"), "utf8")).toContain("/images/photos/3.jpg?w=");
});
