import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { EXAMPLE_LIBRARY, madeBy, monthBill } from "@prewarm/shared/cost/month";
import { publicConfig } from "@prewarm/shared/public-config";
import { makeSecret } from "@prewarm/shared/secrets";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { PLANNED_SITE } from "../arguments/load-config.ts";
import { isWeb } from "../pages/read-site.ts";
import { serveFolder } from "../pages/serve-folder.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { createPace } from "../send/pace.ts";
import { importStack, type StackModule } from "../site/local-stack.ts";
import type { LocalStack } from "../site/places.ts";
import { trialSite } from "../site/trial-site.ts";
import type { BarState } from "./bar.ts";
import { writeBuiltInSite } from "./built-in-site.ts";
import { createOldAddresses } from "./old-addresses.ts";
import { type ShippedParts, shippedParts } from "./shipped-parts.ts";
import { createSiteCopy, reasonOf, type SiteCopy } from "./site-copy.ts";
import { createSiteFetch, type SiteFetch } from "./site-fetch.ts";
import { createSiteNames, OWN_PATH, type SiteNames } from "./site-names.ts";
import { listenHere, serveSite } from "./site-server.ts";
import { OWN_HEADERS, type Visited, type Visiting, visitSite } from "./visit.ts";
import { createWarming, type Warming } from "./warming.ts";

export interface TrialSettings {
  /** A folder of this trial's own, absolute. Whoever made it removes it. */
  folder: string;
  /** An address, or a folder of built pages; null: the built-in site. */
  site: string | null;
  /** Pages that are read beside what the browser asks for. */
  pages: number;
  allowsPrivate: boolean;
  note(text: string): void;
}

/** A site that is shown on this machine. */
export interface Trial {
  /** Where its first page is shown. */
  url: string;
  stack: Omit<LocalStack, "pid">;
  names: SiteNames;
  /** Resolves when its pages have been read. Never rejects. */
  visited: Promise<Visited>;
  /** What the shipped parts give to these pages, once their images' variants are made. */
  shipped: Promise<ShippedParts>;
  /** What the bar of every page says now. */
  state(): BarState;
  /** CSS px of the widest image that a browser has shown; 0: none has. */
  widest(): number;
  /** Resolves when the stack has ended, with its exit code. */
  ended: Promise<0 | 1>;
  close(): void;
}

/** Longest that one answer of the site may take, and that pages are read by themselves, in ms. */
const ANSWER_MS = 30_000;
const VISIT_MS = 300_000;
/** Requests and bytes of images of that reading. */
const VISIT_REQUESTS = 200;
const VISIT_BYTES = 200_000_000;
/** Between two questions of how far the variants are, in ms. */
const ROUND_MS = 500;
/** Views of an image in a month: those of the example library. */
const VIEWS = EXAMPLE_LIBRARY.viewsPerMonth / EXAMPLE_LIBRARY.images;

/** Shows the site, and has its images' variants made. Throws a CliError where the site or the stack cannot be reached. */
export async function startTrial(settings: TrialSettings, context: Context): Promise<Trial> {
  const site = trialSite(join(settings.folder, "site"));
  const stackModule = await importStack(site.found);
  const opened = await openSite(settings, stackModule, context);
  const { start, fetch } = opened;
  const token = makeSecret("token");
  let stack: Trial["stack"] | null = null;
  const warming = createWarming(() => (stack === null ? null : apiOf(stack, token, context)));
  const shown = await showSite(opened, settings.folder, warming, () => stack?.edge ?? null);
  const { names, copy, originals, rewriting, state, widest } = shown;
  const close = (): void => {
    shown.close();
    opened.closeOwn();
  };
  const env = stackEnvironment(join(settings.folder, "state"), originals, token);
  const { listening, ended } = runStack(site, stackModule, env, context.interrupts.stop);
  stack = await listening;
  if (stack === null) {
    close();
    throw new CliError(EXIT.failed, "The local stack did not start.");
  }
  keepAsking(warming, settings.note, context);
  const visited = visitSite(start, visitingOf({ names, copy, fetch }, opened.own, settings.pages, context));
  const shipped = visited.then(async ({ read }) => {
    await untilMade(warming, context);
    return shippedParts(read, copy, rewriting);
  });
  const url = `${names.home}${start.pathname}${start.search}`;
  return { url, stack, names, visited, shipped, state, widest, ended, close };
}

/** Serves the site on this machine, before the stack runs. `originals`: where the stack reads them, with `{id}`. */
async function showSite(
  { start, fetch }: Pick<OpenedSite, "start" | "fetch">,
  folder: string,
  warming: Warming,
  edgeUrl: () => string | null,
) {
  const here = await listenHere();
  const names = createSiteNames(start.origin, here.port);
  const bytes = join(folder, "images");
  mkdirSync(bytes);
  const readOld = createOldAddresses(PLANNED_SITE);
  const copy = createSiteCopy({ folder: bytes, names, readOld, kept: ({ id }) => warming.order(id) });
  const state = (): BarState => stateOf(copy, warming, names);
  const rewriting = { names, warming, config: publicConfig(PLANNED_SITE) };
  let widest = 0;
  const saw = (width: number): void => {
    widest = Math.max(widest, Math.min(width, 10_000));
  };
  const nonce = makeSecret("token");
  const { close } = serveSite(here, { ...rewriting, copy, fetch, nonce, bar: state, edgeUrl, saw });
  const originals = `http://localhost:${here.port}${OWN_PATH}originals/{id}`;
  return { names, copy, originals, rewriting, state, widest: () => widest, close };
}

/** Resolves when all that was ordered has ended, or at Ctrl-C. */
async function untilMade(warming: Warming, { sleep, interrupts }: Context): Promise<void> {
  while (!warming.isIdle() && !interrupts.stop.aborted) await sleep(ROUND_MS, interrupts.stop);
}

function apiOf({ control }: Trial["stack"], token: string, context: Context): ControlApi {
  return createControlApi({ url: control, headers: { authorization: `Bearer ${token}` } }, context);
}

/** `listening`: null where the stack ends before it answers. */
function runStack(
  { found, config }: ReturnType<typeof trialSite>,
  { startDev }: StackModule,
  env: Record<string, string>,
  stop: AbortSignal,
) {
  const started = Promise.withResolvers<Trial["stack"]>();
  const ended = startDev({
    folder: found.folder,
    config,
    wranglerFolder: found.wranglerFolder,
    env,
    originals: null,
    verbose: false,
    quiet: true,
    stop,
    listening: started.resolve,
  });
  return { ended, listening: Promise.race([started.promise, ended.then(() => null)]) };
}

/** At most a request a second, and no more often than robots.txt says; as fast as it goes where the site is on this machine. */
function visitingOf(
  site: Pick<Visiting, "names" | "copy" | "fetch">,
  own: boolean,
  pages: number,
  { clock, sleep, interrupts }: Context,
): Visiting {
  const wait = createPace(own ? null : 1, { clock, sleep, interrupts });
  return {
    ...site,
    now: clock.now,
    stop: interrupts.stop,
    limits: { pages, requests: VISIT_REQUESTS, bytes: VISIT_BYTES, until: clock.now() + VISIT_MS },
    async pace(delayMs) {
      await wait(1);
      if (delayMs > 1_000) await sleep(delayMs - 1_000, interrupts.stop);
    },
  };
}

/** Nothing of the user's own environment but what finds programs: variables of a deployment must not steer this stack. */
function stackEnvironment(stateDir: string, originals: string, token: string): Record<string, string> {
  const ports = { PORT: "0", CONTROL_PORT: "0" };
  return { ...ports, STATE_DIR: stateDir, ORIGINALS_URL: originals, ADMIN_TOKEN: token, WATCH: "false" };
}

interface OpenedSite {
  /** The first page, after redirects. */
  start: URL;
  fetch: SiteFetch;
  /** Whether this program serves it. */
  own: boolean;
  closeOwn(): void;
}

async function openSite({ site, folder, allowsPrivate }: TrialSettings, stack: StackModule, context: Context) {
  const access = { allowsPrivate, timeoutMs: ANSWER_MS, stop: context.interrupts.now };
  if (site !== null && isWeb(site)) {
    const fetch = createSiteFetch({ ...access, own: null });
    return { start: await firstPage(site, fetch), fetch, own: false, closeOwn: () => {} } satisfies OpenedSite;
  }
  const pages = site === null ? join(folder, "built-in") : resolve(context.cwd, site);
  if (site === null) await writeBuiltInSite(pages, stack.prepareSamples);
  else if (statSync(pages, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usageError(
      `${site} is no folder.`,
      "Name a folder of built pages, or a site such as https://www.example.com",
    );
  const server = await serveFolder(pages);
  const fetch = createSiteFetch({ ...access, own: server.url });
  try {
    return { start: await firstPage(`${server.url}/`, fetch), fetch, own: true, closeOwn: server.close };
  } catch (error) {
    server.close();
    throw error;
  }
}

/** The address of the first page, behind its redirects. */
async function firstPage(site: string, fetch: SiteFetch): Promise<URL> {
  if (!URL.canParse(site)) throw usageError(`${site} is no address.`);
  const unread = (why: string) =>
    new CliError(
      EXIT.unreachable,
      `${site} cannot be read: ${why}.`,
      why.includes("private address") ? "Add --private where you may look at that network." : null,
    );
  const answer = await fetch(new URL(site), { headers: OWN_HEADERS, follows: () => true }).catch((error: unknown) => {
    throw unread(reasonOf(error));
  });
  answer.body.destroy();
  if (answer.status !== 200) throw unread(`it answers ${answer.status}`);
  if (!/^(text\/html|application\/xhtml)/i.test(answer.type)) throw unread(`it is ${answer.type || "no page"}`);
  const { url } = answer;
  url.hash = "";
  return url;
}

/** Until the end; an error is told once, for the next round may go well. */
function keepAsking(warming: Warming, note: (text: string) => void, { sleep, interrupts }: Context): void {
  let last = "";
  const ask = async (): Promise<void> => {
    while (!interrupts.stop.aborted) {
      try {
        await warming.round();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (why !== last && !interrupts.stop.aborted) note(why);
        last = why;
      }
      await sleep(ROUND_MS, interrupts.stop);
    }
  };
  void ask();
}

function stateOf(copy: SiteCopy, warming: Warming, names: SiteNames): BarState {
  const all = copy.all();
  const images = all.map(({ id, url, bytes, old }) => {
    const { width = 0, widths = [] } = warming.known(id) ?? {};
    return { id, url: names.localOf(url) ?? "", bytes, width, widths, isOld: old !== null };
  });
  const made = madeBy(PLANNED_SITE);
  const library = {
    ...EXAMPLE_LIBRARY,
    images: all.length,
    newImagesPerMonth: 0,
    viewsPerMonth: all.length * VIEWS,
    originalKb: all.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000 / Math.max(1, all.length),
  };
  const { total } = monthBill(library, made, all.length);
  const why =
    `The first month of these ${all.length} images, each with ${made.variants} variants and ${VIEWS} views: Cloudflare's plan is in it, ` +
    `and Ittybit at $${library.ittybitPer1000} per 1,000 jobs, which is an example. prewarm costs --estimate has the sums.`;
  return { images, jobs: warming.jobs(), isMade: warming.isIdle(), month: { usd: `$${total.toFixed(2)}`, why } };
}
