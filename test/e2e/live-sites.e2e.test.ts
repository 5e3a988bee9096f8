import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startFakeSite } from "../../apps/cli/test/testing/fake-site.ts";
import { runPrewarm } from "../../apps/cli/test/testing/run-prewarm.ts";
import type { LocalWorkers } from "../../dev/runtime.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { ask, isVariant, startTestStack, type TestStack, until } from "./stack.ts";

/*
 * A deploy is told to the whole local stack by a hook. Its pages are read from the web, what they lack is made, and the event says so.
 * `LIVE_PAGES=500` is 12,000 URLs.
 */

const PAGES = Number(process.env.LIVE_PAGES ?? 4);
const TEMPLATES = ["blog", "products", "docs", "people"];
const WIDTHS = [320, 480, 640];
const FORMATS = ["webp", "jpeg"];
const IMAGES_A_PAGE = 4;
const SECRET = "a secret of the deploys";
const EVENTS_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

interface Told {
  type: string;
  at: number;
  data: { site: string; share: number; reason: string; run: string | null; counts: Record<string, number> };
}

const html: Parameters<typeof startFakeSite>[0] = {};
const told: Told[] = [];
let site: Awaited<ReturnType<typeof startFakeSite>>;
let origin: Server;
let receiver: Server;
let stack: TestStack;

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

const configOf = () => `
import { defineConfig } from "@prewarm/shared/config";
export default defineConfig({
  sources: [{ prefix: "", url: "https://originals.example.com/{id}" }],
  pages: { widths: ${JSON.stringify(WIDTHS)}, formats: ${JSON.stringify(FORMATS)} },
  sites: { shop: { sitemaps: ["${site.url}/sitemap.xml"], pagesPerSecond: 20, hour: null, warm: true } },
  hooks: {
    deploys: {
      verifier: { kind: "hmac", secrets: ["DEPLOY_SECRET"], header: "x-hub-signature-256", prefix: "sha256=" },
      mapper: { kind: "deploy", from: "github", sites: ["shop"] },
    },
  },
  events: [{ url: "http://127.0.0.1:${portOf(receiver)}/in", secrets: ["EVENTS_SECRET"], types: ["site.warm", "site.cold"] }],
});
`;

/** The consumer with a site's configuration, as wrangler bundles it. */
async function consumerOf(config: string): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: ["workers/consumer/src/worker.ts"], bundle: true, write: false, format: "esm", target: "es2024" },
    ...{ platform: "neutral", conditions: ["workerd", "worker", "browser"], mainFields: ["module", "main"] },
    external: ["node:*", "cloudflare:*"],
    plugins: [
      {
        name: "site",
        setup: (it) =>
          void it.onLoad({ filter: /\/prewarm\.config\.ts$/ }, () => ({
            contents: config,
            loader: "ts",
            resolveDir: process.cwd(),
          })),
      },
    ],
  });
  return outputFiles?.[0]?.text ?? "";
}

/** `more`: widths of products beside the others. */
function writePages(more: readonly number[]): number {
  let urls = 0;
  for (let at = 0; at < PAGES; at += 1) {
    const template = TEMPLATES[at % TEMPLATES.length] ?? "";
    const widths = template === "products" ? [...WIDTHS, ...more] : WIDTHS;
    const images = Array.from({ length: IMAGES_A_PAGE }, (_, n) => {
      const list = widths.flatMap((width) =>
        FORMATS.map((f) => `${stack.edgeUrl}/images/${template}/${at}-${n}.jpg?w=${width}&amp;f=${f} ${width}w`),
      );
      urls += list.length;
      return `<img srcset="${list.join(", ")}">`;
    });
    html[`/${template}/${at}`] = `<h1>${at}</h1>\n${images.join("\n")}`;
  }
  const list = Object.keys(html).filter((path) => path !== "/sitemap.xml" && path !== "/robots.txt");
  html["/sitemap.xml"] = `<urlset>${list.map((path) => `<url><loc>${site.url}${path}</loc></url>`).join("")}</urlset>`;
  return urls;
}

beforeAll(async () => {
  const bytes = await picture("jpeg", 1000, 500);
  origin = createServer((_, response) => response.writeHead(200, { "content-type": "image/jpeg" }).end(bytes));
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    told.push({ ...(JSON.parse(text) as Told), at: Date.now() });
    response.writeHead(200).end();
  });
  await Promise.all([listen(origin), listen(receiver)]);
  site = await startFakeSite(html);
  const code = await consumerOf(configOf());
  const arrange = (workers: LocalWorkers): LocalWorkers =>
    workers.map((worker) => {
      if (worker.name !== "prewarm-consumer") return worker;
      const modules = worker.modules.map((one) => (one.path === "worker.mjs" ? { ...one, contents: code } : one));
      return { ...worker, modules };
    });
  stack = await startTestStack({
    ...{ arrange, secrets: { DEPLOY_SECRET: SECRET, EVENTS_SECRET } },
    originalsUrl: `http://127.0.0.1:${portOf(origin)}/{id}`,
    emulator: {
      ...{ pixels: "tiny", tinySource: { width: 1000, height: 500 }, maxJobs: 1_000_000 },
      ...{ jobMs: { min: 50, max: 500 }, rateLimit: null },
    },
  });
  const body = JSON.stringify({ concurrency: 50, rate: { perSecond: 500, burst: 500 } });
  expect((await control("/api/v1/gate", { method: "PATCH", body })).status).toBe(200);
});
afterAll(async () => {
  await stack?.close();
  await site?.close();
  for (const server of [origin, receiver]) server?.close();
});

const control = (path: string, init: RequestInit = {}) =>
  fetch(`${stack.controlUrl}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
  });

async function deploy(id: number): Promise<void> {
  const status = { id, state: "success", environment: "production" };
  const body = JSON.stringify({ deployment_status: status, deployment: { id, environment: "production" } });
  const signature = `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
  const headers = { "x-hub-signature-256": signature, "x-github-event": "deployment_status" };
  const answer = await fetch(`${stack.controlUrl}/hooks/deploys`, { method: "POST", body, headers });
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({
    status: 202,
    body: { sites: ["shop"] },
  });
}

/** The event of the next visit, and when the last variant before it was stored. */
async function nextEvent(before: number): Promise<{ event: Told; storedAt: number }> {
  const events = await until(
    "the event comes",
    async () => told.slice(before),
    ({ length }) => length > 0,
    600_000,
  );
  const [event] = events;
  if (event === undefined) throw new Error("no event came");
  const run = event.data.run;
  const found = run === null ? null : ((await (await control(`/api/v1/runs/${run}`)).json()) as { endedAt: number });
  return { event, storedAt: found?.endedAt ?? event.at };
}

it("makes what the pages of a deploy ask for, and says that they are warm within ten seconds of the last job", {
  timeout: 1_800_000,
}, async () => {
  const urls = writePages([]);
  const started = Date.now();
  await deploy(1);
  const { event, storedAt } = await nextEvent(0);
  console.log(
    `${PAGES} pages, ${urls} URLs: jobs ended after ${(storedAt - started) / 1000} s, the event came ${(event.at - storedAt) / 1000} s later`,
  );
  expect(event).toMatchObject({
    type: "site.warm",
    data: { site: "shop", reason: "deploy", share: 100, counts: { warm: urls } },
  });
  expect(event.at - storedAt).toBeLessThan(10_000);
  expect(isVariant(await ask(`${stack.edgeUrl}/images/people/3-0.jpg?w=640&f=webp`))).toBe(true);
  const { stdout } = await runPrewarm(["sites"], {
    cwd: process.cwd(),
    url: stack.controlUrl,
    env: { ADMIN_TOKEN: stack.adminToken },
  });
  expect(stdout).toMatch(/shop\s+100 %/);
  const metrics = await (await control("/metrics")).text();
  expect(metrics).toContain('prewarm_site_warm_percent{site="shop"} 100\n');
});

it("names the line of a width that a template has new, and the pages that could not be read, which stop nothing", {
  timeout: 1_800_000,
}, async () => {
  const jobs = stack.emulator?.control.jobs().length ?? 0;
  html["/broken"] = (response) => response.writeHead(500).end();
  html["/away"] = (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
  const urls = writePages([960]);
  const before = told.length;
  await deploy(2);
  const { event } = await nextEvent(before);
  const added = Math.ceil((PAGES - 1) / TEMPLATES.length) * IMAGES_A_PAGE * FORMATS.length;
  // The width was warmed; only the pages are why the site is not.
  expect(event).toMatchObject({ type: "site.cold", data: { share: 100, counts: { warm: urls } } });
  expect(stack.emulator?.control.jobs()).toHaveLength(jobs + added);
  const { sites } = (await (await control("/api/v1/sites")).json()) as {
    sites: { last: { failures: { page: string; why: string }[] }; history: { visit: number; share: number }[] }[];
  };
  expect(sites[0]?.history.map(({ visit }) => visit)).toEqual([2, 1]);
  expect(sites[0]?.last.failures.toSorted((a, b) => (a.page < b.page ? -1 : 1))).toEqual([
    { page: `${site.url}/broken`, why: "it answers 500" },
  ]);
});
