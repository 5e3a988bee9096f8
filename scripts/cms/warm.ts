import { freePort } from "../../dev/listen.ts";
import { isVariant, startTestStack, type TestStack, until } from "../../test/e2e/stack.ts";
import { ACCEPT } from "../../test/e2e/until-warm.ts";

/* A CMS beside a local stack: its originals are what the CMS serves, and its hook is what the CMS calls. */

/** As long as a busy machine needs for a few uploads, in ms. */
export const MAKING_MS = 300_000;

export interface Site {
  stack: TestStack;
  /** Where the CMS is to listen. */
  port: number;
  /** Throws if a claim does not hold, and says which. */
  check(claim: string, holds: boolean, seen?: unknown): void;
  /** Waits until every accepted variant is made. */
  made(): Promise<void>;
  /** Checks that no variant of an image is stored, once its purge has deleted them. */
  gone(claim: string, id: string): Promise<void>;
  /** The URLs of the edge in a page that are not stored. By HEAD, which orders nothing. */
  cold(html: string): Promise<string[]>;
}

/** `originals`: where the CMS serves them, as a path with `{id}`. */
export async function startSite(originals: string): Promise<Site> {
  const port = await freePort(0, true);
  const stack = await startTestStack({ originalsUrl: `http://localhost:${port}${originals}`, verbose: false });
  const headers = { authorization: `Bearer ${stack.adminToken}` };
  const open = async () => {
    const { open }: { open: number } = await (await fetch(`${stack.controlUrl}/api/v1/stats`, { headers })).json();
    return open;
  };
  return {
    stack,
    port,
    check(claim, holds, seen) {
      if (!holds) throw new Error(`${claim}: does not hold${seen === undefined ? "" : `: ${JSON.stringify(seen)}`}`);
      console.log(`  ${claim}`);
    },
    made: async () => void (await until("every accepted variant is made", open, (left) => left === 0, MAKING_MS)),
    async gone(claim, id) {
      const address = `${stack.controlUrl}/api/v1/images/${encodeURIComponent(id)}`;
      const image = async () => (await fetch(address, { headers })).text();
      await until(claim, image, (text) => !text.includes('"state":"stored"'));
      console.log(`  ${claim}`);
    },
    async cold(html) {
      const urls = printedIn(html, stack.edgeUrl);
      if (urls.length === 0) throw new Error(`the page has no image URL: ${html}`);
      const warm = await Promise.all(urls.map(isWarm));
      return urls.filter((_, n) => !warm[n]);
    },
  };
}

export async function isWarm(url: string): Promise<boolean> {
  return isVariant(await fetch(url, { method: "HEAD", redirect: "manual", headers: { accept: ACCEPT } }));
}

/** The colour in the middle of a variant, as #rrggbb with a digit each: encoders change the rest. */
export async function colourOf(url: string): Promise<string> {
  const { default: sharp } = await import("sharp");
  const bytes = Buffer.from(await (await fetch(url, { headers: { accept: ACCEPT } })).arrayBuffer());
  const { dominant } = await sharp(bytes).stats();
  return [dominant.r, dominant.g, dominant.b].map((part) => Math.round(part / 51) * 3).join(",");
}

/** A picture of one colour. */
export async function picture(background: string, width = 1600, height = 900): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

/** The edge's URLs in a page, as a browser reads them: WordPress writes an ampersand by its number. */
export function printedIn(html: string, edgeUrl: string): string[] {
  const text = html.replaceAll("&#038;", "&").replaceAll("&amp;", "&");
  return [...new Set(text.match(/https?:[^\s"<>]+/g))].filter((url) => url.startsWith(`${edgeUrl}/images/`));
}
