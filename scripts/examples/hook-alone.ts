import { newWebhookId, signWebhook } from "../../apps/cli/src/steps/sign-webhook.ts";
import type { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { isVariant, type TestStack, until } from "../../test/e2e/stack.ts";
import { ACCEPT } from "../../test/e2e/until-warm.ts";
import { showAll } from "../../test/e2e/visit.ts";
import { IMAGES, urlsIn } from "./example-folder.ts";

/*
 * What built pages ask for must be stored after the upload hook alone. Their pictures are answered here, so that no view orders anything, and
 * each URL is then asked of a stack to which the hook has told the images, by HEAD, which orders nothing either.
 */

type Browser = Awaited<ReturnType<typeof launchBrowser>>;

export interface Sweep {
  browser: Browser;
  /** The edge that the pages name. */
  edgeUrl: string;
  /** The edge of another stack, to which the images were uploaded, and of which nothing was viewed. */
  uploadedUrl: string;
}

/** All images of the examples and of the pages of usages, with the versions that pages name. */
const ITEMS: { id: string; v?: string }[] = [
  ...[...IMAGES, "small.jpg", "logo.svg"].map((id) => ({ id })),
  { id: "albums/été 2026/plage.webp", v: "2" },
  { id: "portrait.jpg", v: "2" },
];
const WIDTHS = [360, 480, 768, 1024, 1280, 1440, 1920, 2560];
const DENSITIES = [1, 2, 3];
/** As long as a busy machine needs for 280 variants. */
const MAKING_MS = 600_000;
const SHOWN = '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"/>';

/** Tells the stack's hook of all images, and waits until every variant is made. */
export async function uploadByHook(stack: TestStack): Promise<void> {
  const started = performance.now();
  const body = JSON.stringify({ type: "image.uploaded", data: { items: ITEMS } });
  const headers = signWebhook(body, stack.hookSecret, newWebhookId(), Math.floor(Date.now() / 1000));
  const answer = await fetch(`${stack.controlUrl}/hooks/uploads`, { method: "POST", body, headers });
  const { accepted, ignored } = (await answer.json()) as { accepted: number; ignored: number };
  if (answer.status !== 202) throw new Error(`the hook answers ${answer.status}`);
  const authorization = `Bearer ${stack.adminToken}`;
  const open = async () =>
    (
      (await (await fetch(`${stack.controlUrl}/api/v1/stats`, { headers: { authorization } })).json()) as {
        open: number;
      }
    ).open;
  await until("all uploads are made", open, (left) => left === 0, MAKING_MS);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`hook: ${accepted} variants accepted and made in ${seconds} s, ${ignored} image passes through`);
}

/** The URLs that a page prints, or that Chromium asks for in 24 windows, and that the upload has not made. */
export async function coldUrls(what: string, page: string, sweep: Sweep): Promise<string[]> {
  const views: string[][] = [];
  for (const width of WIDTHS) for (const density of DENSITIES) views.push(await askedIn(page, width, density, sweep));
  const asked = new Set(views.flat());
  const printed = new Set(urlsIn(await (await fetch(page)).text(), sweep.edgeUrl));
  const answers = new Map<string, Answer>();
  for (const url of new Set([...asked, ...printed])) answers.set(url, await ask(url, sweep));
  const count = (urls: Iterable<string>, answer: Answer) =>
    [...urls].filter((url) => answers.get(url) === answer).length;
  const shown = (urls: Iterable<string>) => {
    const list = [...urls];
    return `${count(list, "hit")} of ${list.length - count(list, "passed through")}`;
  };
  console.log(
    `${what}: hits of the hook alone: asked ${shown(asked)}, printed ${shown(printed)}, views of an image ${shown(views.flat())}; ` +
      `refused ${count(answers.keys(), "refused")}; passed through ${count(answers.keys(), "passed through")}`,
  );
  const cold = [...answers].flatMap(([url, answer]) =>
    /^(hit|passed through)$/.test(answer) ? [] : [`${url}: ${answer}`],
  );
  return asked.size === 0 ? [`${what}: no image was asked for`, ...cold] : cold;
}

/** The edge's images that Chromium asks for in one window. */
async function askedIn(url: string, width: number, deviceScaleFactor: number, sweep: Sweep): Promise<string[]> {
  const asked = new Set<string>();
  const page = await sweep.browser.newPage({ viewport: { width, height: 900 }, deviceScaleFactor });
  await page.route(
    ({ origin }) => origin !== new URL(url).origin,
    (route) => {
      const address = route.request().url();
      if (address.startsWith(`${sweep.edgeUrl}/images/`)) asked.add(address);
      return route.fulfill({ contentType: "image/svg+xml", body: SHOWN });
    },
  );
  await page.goto(url, { waitUntil: "networkidle" });
  await showAll(page);
  await page.waitForLoadState("networkidle");
  await page.close();
  return [...asked];
}

type Answer = "hit" | "passed through" | "miss" | "refused";

async function ask(url: string, { edgeUrl, uploadedUrl }: Sweep): Promise<Answer> {
  const there = url.replace(edgeUrl, uploadedUrl);
  const response = await fetch(there, { method: "HEAD", redirect: "manual", headers: { accept: ACCEPT } });
  if (response.status >= 400) return "refused";
  if (new URL(url).pathname.endsWith(".svg")) return "passed through";
  return isVariant(response) ? "hit" : "miss";
}
