import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { writePage } from "../../examples/plain/write-page.ts";
import { startTestStack, type TestStack, until } from "./stack.ts";
import { type Visit, visit } from "./visit.ts";

/* The page of examples/plain in Chromium, on the local stack: cold, and again when its variants are made. */

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

let browser: Browser;
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
  const files: Record<string, [string, string]> = {
    "/": ["text/html", html],
    "/empty": ["text/html", "<!doctype html><link rel=icon href=data:,>"],
    "/sw.js": ["text/javascript", worker],
    "/prewarm.js": ["text/javascript", script],
  };
  site = createServer((request, response) => {
    const [type, text] = files[request.url ?? ""] ?? ["text/plain", ""];
    response.setHeader("content-type", type).end(text);
  }).listen(0);
});
afterAll(async () => {
  site?.close();
  await browser?.close();
  await stack?.close();
});

async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
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

async function isWarm(url: string): Promise<boolean> {
  const headers = { accept: "image/avif,image/webp,*/*" };
  return (await fetch(url, { method: "HEAD", redirect: "manual", headers })).ok;
}

describe("a page of eight images", () => {
  it("is shown cold and warm alike: all images, no shift, nothing in the console, the same boxes", async () => {
    const cold = await visitAnew();
    expect(cold.images.map(({ width }) => width > 0)).toEqual(Array(8).fill(true));
    expect(cold.said).toEqual([]);
    expect(cold.shifts).toEqual([]);

    const made = cold.images.map(({ url }) => url).filter((url) => !url.endsWith(".svg"));
    await until(
      "all variants are made",
      () => Promise.all(made.map(isWarm)),
      (warm) => warm.every(Boolean),
      40_000,
    );
    const warm = await visitAnew();
    expect(warm.said).toEqual([]);
    expect(warm.shifts).toEqual([]);
    expect(warm.images.map(({ box }) => box)).toEqual(cold.images.map(({ box }) => box));
    expect(warm.images.map(({ url }) => url)).toEqual(cold.images.map(({ url }) => url));
  });
});

/** Puts an image into the page and gives its width in px once it is loaded. */
function show(page: Page, url: string): Promise<number> {
  return page.evaluate(`new Promise((resolve, reject) => {
    const image = document.body.appendChild(new Image());
    image.onload = () => resolve(image.naturalWidth);
    image.onerror = reject;
    image.src = "${url}";
  })`);
}

describe("a service worker that keeps images", () => {
  it("shows the original of a cold image and does not keep it, and keeps the variant at the next view", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(address("/empty"));
    await page.evaluate(`navigator.serviceWorker.register("/sw.js").then(() => new Promise((resolve) => {
      if (navigator.serviceWorker.controller) resolve();
      else navigator.serviceWorker.addEventListener("controllerchange", () => resolve());
    }))`);
    const url = `${stack.edgeUrl}/images/hero.jpg?w=320&f=auto&v=worker`;
    const kept = () =>
      page.evaluate(`caches.open("prewarm").then((cache) => cache.keys()).then((keys) => keys.length)`);
    expect(await show(page, url)).toBe(1024);
    expect(await kept()).toBe(0);
    await until("the variant is made", () => isWarm(url), Boolean, 40_000);
    // Another tab: the first may show from memory what it has shown.
    const next = await context.newPage();
    await next.goto(address("/empty"));
    expect(await show(next, url)).toBe(320);
    await until("the variant is kept", kept, (count) => count === 1);
    await context.close();
  });
});

describe("an open page", () => {
  it("swaps cold images for their variants, by upgrade() and by <prewarm-img upgrade>", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(address("/empty"));
    await page.addScriptTag({ url: "/prewarm.js", type: "module" });
    const image = (version: string) => `<img src="${stack.edgeUrl}/images/hero.jpg?w=320&f=auto&v=${version}">`;
    await page.evaluate(
      `document.body.innerHTML = ${JSON.stringify(`${image("by-call")}<prewarm-img upgrade>${image("by-element")}</prewarm-img>`)}`,
    );
    const widths = () => page.evaluate(`[...document.images].map((image) => image.naturalWidth).join()`);
    await until("originals are shown", widths, (seen) => seen === "1024,1024");
    await page.evaluate(`prewarm.upgrade(document)`);
    await until("variants are shown", widths, (seen) => seen === "320,320", 40_000);
    await context.close();
  });
});
