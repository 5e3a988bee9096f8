import type { Page } from "@prewarm/site-pages/page-addresses";
import { type ImageUse, readPage } from "@prewarm/site-pages/read-page";
import type { OpenedPage } from "./browser.ts";

/** The page after its scripts, and what it asked for, which stands in no line. */
export function withAsked({ html, asked }: OpenedPage): Page {
  const page = readPage(".html", html);
  const shown = page.addresses.map((one) => ({ ...one, line: 0 }));
  return { ...page, addresses: [...shown, ...asked.map((address) => ({ line: 0, address, certain: true }))] };
}

/** Both. `second` tells the place of an address that is in both, and it is certain where one of them is. */
export function merge(first: readonly ImageUse[], second: readonly ImageUse[]): ImageUse[] {
  const uses = new Map(first.map((use) => [use[1], use]));
  for (const [line, path, isCertain] of second) uses.set(path, [line, path, isCertain || uses.get(path)?.[2] === true]);
  return [...uses.values()];
}
