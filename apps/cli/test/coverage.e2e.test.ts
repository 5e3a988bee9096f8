import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type StackProcess, startStackProcess, withBucket } from "../../../test/e2e/stack-process.ts";
import { tempFolder } from "../../../test/temp-folder.ts";
import { picture } from "../../../workers/consumer/src/testing/pictures.ts";
import { EXIT } from "../src/platform/exit-codes.ts";
import { startFakeSite } from "./testing/fake-site.ts";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

/*
 * A site of four templates against the whole local stack: `COVERAGE_PAGES=500` is 12,000 URLs. Ittybit makes tiny pictures, and R2 is emptied by
 * hand while the stack does not run.
 */

const PAGES = Number(process.env.COVERAGE_PAGES ?? 12);
const TEMPLATES = ["blog", "products", "docs", "people"];
const WIDTHS = [320, 480, 640];
const FORMATS = ["webp", "jpeg"];
const IMAGES_A_PAGE = 4;
const TOKEN = "coverage-admin-token-0123456789abcdef";
const CONFIG = `export default {
  sources: [{ prefix: "", url: "https://originals.example.com/{id}" }],
  pages: { widths: ${JSON.stringify(WIDTHS)}, formats: ${JSON.stringify(FORMATS)} },
};`;

let emulator: Emulator;
let origin: Server;
let stack: StackProcess;
let site: Awaited<ReturnType<typeof startFakeSite>>;
const stateDir = tempFolder("prewarm-coverage-");
const cwd = emptyDirectory();
const html: Record<string, string> = {};

async function start(): Promise<void> {
  const originalsUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/{id}`;
  const env = { ADMIN_TOKEN: TOKEN, ITTYBIT_API_URL: emulator.apiUrl, ORIGINALS_URL: originalsUrl };
  stack = await startStackProcess({ stateDir, env });
  const body = JSON.stringify({ concurrency: 50, rate: { perSecond: 500, burst: 500 } });
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const { status } = await fetch(`${stack.controlUrl}/api/v1/gate`, { method: "PATCH", headers, body });
  expect(status).toBe(200);
  writePages([]);
}

/** What a visitor wrote under each page: an image that nobody has, a version that nobody announced, and a width that no upload makes. */
const COMMENT = ["made-up.jpg?w=320&f=webp", "blog/0-0.jpg?w=320&f=webp&v=zzz", "blog/0-0.jpg?w=960&f=webp"];

/** The pages name the edge, whose port is another one after a start. `more`: widths of products beside the others. */
function writePages(more: readonly number[], comment: readonly string[] = []): void {
  for (let at = 0; at < PAGES; at += 1) {
    const template = TEMPLATES[at % TEMPLATES.length] ?? "";
    const widths = template === "products" ? [...WIDTHS, ...more] : WIDTHS;
    const images = Array.from({ length: IMAGES_A_PAGE }, (_, n) => {
      const urls = widths.flatMap((width) =>
        FORMATS.map(
          (format) => `${stack.edgeUrl}/images/${template}/${at}-${n}.jpg?w=${width}&amp;f=${format} ${width}w`,
        ),
      );
      return `<img srcset="${urls.join(", ")}">`;
    });
    const links = comment.map((path) => `<a href="${stack.edgeUrl}/images/${path.replaceAll("&", "&amp;")}">x</a>`);
    html[`/${template}/${at}`] = `<h1>${at}</h1>\n${images.join("\n")}\n${links.join(" ")}`;
  }
  const list = Object.keys(html).filter((path) => path !== "/sitemap.xml");
  html["/sitemap.xml"] = `<urlset>${list.map((path) => `<url><loc>${site.url}${path}</loc></url>`).join("")}</urlset>`;
}

beforeAll(async () => {
  const bytes = await picture("jpeg", 1000, 500);
  origin = createServer((_, response) => response.writeHead(200, { "content-type": "image/jpeg" }).end(bytes));
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  emulator = await startEmulator({
    pixels: "tiny",
    tinySource: { width: 1000, height: 500 },
    maxJobs: 1_000_000,
    jobMs: { min: 10, max: 50 },
    rateLimit: null,
  });
  site = await startFakeSite(html);
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  await start();
});
afterAll(async () => {
  await stack?.stop();
  await Promise.all([emulator?.close(), site?.close()]);
  origin?.close();
});

async function coverage(...flags: string[]) {
  const args = [
    "coverage",
    "--site",
    site.url,
    "--rate",
    "500/s",
    "--config",
    "prewarm.config.mjs",
    "--json",
    ...flags,
  ];
  const env = { ADMIN_TOKEN: TOKEN, PREWARM_EDGE_URL: stack.edgeUrl };
  const started = performance.now();
  const { code, stdout, stderr } = await runPrewarm(args, { cwd, url: stack.controlUrl, env });
  console.log(
    `${PAGES} pages, ${flags.join(" ") || "coverage"}: ${Math.round((performance.now() - started) / 100) / 10} s`,
  );
  expect({ code, stderr }).not.toMatchObject({ code: EXIT.usage });
  return { code, found: JSON.parse(stdout || "null"), stderr };
}

async function reports() {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${stack.controlUrl}/api/v1/coverage`, { headers });
  return ((await answer.json()) as { reports: object[] }).reports;
}

it("warms and reports a site, names the objects that were deleted by hand, and the line of a width that was added", {
  timeout: 1_800_000,
}, async () => {
  const urls = PAGES * IMAGES_A_PAGE * WIDTHS.length * FORMATS.length;
  const first = await coverage("--warm", "--gate", "--wait", "--report", "shop");
  expect(first).toMatchObject({ code: EXIT.ok, found: { share: 100, urls: { warm: urls } } });
  expect(await reports()).toMatchObject([{ name: "shop", site: site.url, share: 100, isWhole: true }]);
  await stack.stop();
  const gone = Array.from({ length: 14 }, (_, n) => {
    const at = (n * 7) % PAGES;
    const template = TEMPLATES[at % TEMPLATES.length] ?? "";
    return {
      page: `${site.url}/${template}/${at}`,
      id: `${template}/${at}-${n % IMAGES_A_PAGE}.jpg`,
      width: WIDTHS[Math.floor(n / 6)],
      format: FORMATS[n % 2],
    };
  });
  await withBucket(stateDir, async (bucket) => {
    await bucket.delete(
      gone.map(({ id, width, format }) => `variants/${encodeURIComponent(id)}/${width}-high.${format}`),
    );
  });
  await start();
  const jobs = emulator.control.jobs().length;
  const second = await coverage("--gate", "--report", "shop");
  expect(await reports()).toMatchObject([{ name: "shop", counts: { warm: urls - 14, cold: 14 } }]);
  expect(second).toMatchObject({
    code: EXIT.failed,
    found: { urls: { warm: urls - 14, cold: 14, neverWarmed: 0, refused: 0 } },
  });
  const named = second.found.problems.map(({ place, url, verdict }: Record<string, string>) =>
    [place?.replace(/:\d+$/, ""), url, verdict].join(" "),
  );
  expect(named.toSorted()).toEqual(
    gone.map(({ page, id, width, format }) => `${page} ${id}?w=${width}&f=${format} cold`).toSorted(),
  );
  expect((await coverage("--fail-below", "90")).code).toBe(EXIT.ok);
  writePages([960]);
  const third = await coverage();
  const added = Math.ceil((PAGES - 1) / TEMPLATES.length) * IMAGES_A_PAGE;
  expect(third.found.urls).toMatchObject({ cold: 14, neverWarmed: added * FORMATS.length });
  expect(third.found.lines).toMatchObject([
    { line: "pages.widths: add 960", urls: added * 2, images: added, templates: ["/products/*"], jobsPerUpload: 2 },
  ]);
  // Looking has made nothing.
  expect(emulator.control.jobs()).toHaveLength(jobs);
  writePages([], COMMENT);
  const fourth = await coverage("--warm", "--wait", "--gate");
  expect(fourth).toMatchObject({ code: EXIT.failed, found: { urls: { warm: urls, cold: 2, neverWarmed: 1 } } });
  expect(emulator.control.jobs()).toHaveLength(jobs + 14);
});
