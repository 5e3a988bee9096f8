import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { writePage } from "../../examples/plain/write-page.ts";
import { startTestStack, type TestStack, until } from "./stack.ts";
import { untilWarm } from "./until-warm.ts";
import { type Visit, visit } from "./visit.ts";
import { visitWithWorker } from "./worker-visit.ts";

/* The page of examples/plain in Chromium, on the local stack: cold, and again when its variants are made. */

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let stack: TestStack;
let site: Server;

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
  const html = writePage(stack.edgeUrl);
  const worker = await bundled(`
    import { handleImages } from "@prewarm/client/sw";
    addEventListener("fetch", handleImages({ baseUrl: "${stack.edgeUrl}" }));
    addEventListener("activate", (event) => event.waitUntil(clients.claim()));`);
  const script = await bundled(`
    import { createPrewarm } from "@prewarm/client";
    import { definePrewarmImg } from "@prewarm/client/element";
    globalThis.prewarm = createPrewarm({ baseUrl: "${stack.edgeUrl}" });
    definePrewarmImg();`);
  const signer = `export * from "@prewarm/client/server";`;
  const files: Record<string, [string, string]> = {
    "/": ["text/html", html],
    "/signer.js": ["text/javascript", await bundled(signer)],
    // As a bundler does that knows nothing of browsers.
    "/neutral-signer.js": ["text/javascript", await bundled(signer, "neutral")],
    "/empty": ["text/html", "<!doctype html><link rel=icon href=data:,>"],
    "/sw.js": ["text/javascript", worker],
    "/prewarm.js": ["text/javascript", script],
  };
  site = createServer((request, response) => {
    const [type, text] = files[request.url ?? ""] ?? ["text/plain", ""];
    // What docs/page-authors.md tells pages to send.
    response.setHeader("content-security-policy", policy());
    response.setHeader("content-type", type).end(text);
  }).listen(0);
});
afterAll(async () => {
  site?.close();
  await browser?.close();
  await stack?.close();
});

async function bundled(contents: string, platform: "browser" | "neutral" = "browser"): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    platform,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** The policy of examples/plain, for the hosts of this stack. */
function policy(): string {
  const text = readFileSync(join(import.meta.dirname, "../../examples/plain/csp.txt"), "utf8").trim();
  return text
    .replace("Content-Security-Policy: ", "")
    .replace("https://images.example.com", stack.edgeUrl)
    .replace("https://originals.example.com", new URL(stack.originalsUrl).origin);
}

function address(path: string): string {
  return `http://localhost:${(site.address() as AddressInfo).port}${path}`;
}

/** What a new visitor sees. */
async function visitAnew(): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const seen = await visit(context, address("/"));
  await context.close();
  return seen;
}

describe("a page of eight images", () => {
  it("is shown cold and warm alike: all images, no shift, nothing in the console, the same boxes", async () => {
    const cold = await visitAnew();
    expect(cold.images.map(({ width }) => width > 0)).toEqual(Array(8).fill(true));
    expect(cold.said).toEqual([]);
    expect(cold.shifts).toEqual([]);

    await untilWarm(cold.images.map(({ url }) => url));
    const warm = await visitAnew();
    expect(warm.said).toEqual([]);
    expect(warm.shifts).toEqual([]);
    expect(warm.images.map(({ box }) => box)).toEqual(cold.images.map(({ box }) => box));
    expect(warm.images.map(({ url }) => url)).toEqual(cold.images.map(({ url }) => url));
  });
});

describe("a service worker that keeps images", () => {
  it("shows the original of a cold image and does not keep it, and keeps the variant at the next view", async () => {
    const url = `${stack.edgeUrl}/images/hero.jpg?w=320&f=auto&v=worker`;
    expect(await visitWithWorker(browser, address(""), url, "prewarm")).toEqual({
      cold: { width: 1024, kept: 0 },
      next: { width: 320, kept: 1 },
    });
  });
});

it.each(["/signer.js", "/neutral-signer.js"])("a browser that loads %s, which signs, gets an error", async (path) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address("/empty"));
  const said = await page.evaluate(`import("${path}").then(() => "it runs", String)`);
  await context.close();
  expect(said).toContain("must not run in a browser");
});

describe("an open page", () => {
  it("swaps cold images for their variants, by upgrade() and by <prewarm-img upgrade>, which clears what lies behind", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(address("/empty"));
    await page.addScriptTag({ url: "/prewarm.js", type: "module" });
    const image = (version: string) =>
      `<img style="background: red" src="${stack.edgeUrl}/images/hero.jpg?w=320&f=auto&v=${version}">`;
    await page.evaluate(
      `document.body.innerHTML = ${JSON.stringify(`${image("by-call")}<prewarm-img upgrade>${image("by-element")}</prewarm-img>`)}`,
    );
    const widths = () => page.evaluate(`[...document.images].map((image) => image.naturalWidth).join()`);
    await until("originals are shown", widths, (seen) => seen === "1024,1024");
    // Only the element takes away what lies behind a picture.
    const behind = () => page.evaluate(`[...document.images].map((image) => image.style.background).join()`);
    await until("only what lies behind the element's is gone", behind, (seen) => seen === "red,");
    await page.evaluate(`prewarm.upgrade(document)`);
    await until("variants are shown", widths, (seen) => seen === "320,320");
    await context.close();
  });
});
