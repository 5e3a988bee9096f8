import { createHtml, type HtmlOptions } from "@prewarm/client/html";
import { forbidsImages } from "@prewarm/shared/content-policy";
import { rewritePage } from "../pages/rewrite-page.ts";
import type { LocalPage } from "./local-page.ts";
import { OWN_PATH, type SiteNames } from "./site-names.ts";
import type { Warming } from "./warming.ts";

export interface Rewriting {
  names: SiteNames;
  warming: Pick<Warming, "known">;
  /** What pages may know of the configuration. */
  config: Omit<HtmlOptions, "baseUrl" | "from">;
}

/** A page as the rewriter leaves it, before its addresses lead here. */
export interface ShownPage {
  text: string;
  /** `<img>` elements that it gave variants. */
  rewritten: number;
  /** Ids of the images that it gave variants, and of those that it will give some once they are made. */
  ids: string[];
  waiting: string[];
  /** Whether the page's policy forbids images of the edge, so that the rewriter leaves them. */
  isForbidden: boolean;
}

/** Rewrites a page with the rewriter's own rules, as the Worker in front of the site would: it knows the page's address and headers. */
export async function rewriteShown(page: LocalPage, { names, warming, config }: Rewriting): Promise<ShownPage> {
  const html = createHtml({
    ...config,
    baseUrl: `${names.home}${OWN_PATH.slice(0, -1)}`,
    // Every address may be an image's; `source` says which is.
    from: "",
    source(src) {
      const url = URL.parse(src, page.base);
      return url === null || names.localOf(url) === null ? null : names.idOf(url);
    },
  });
  const edge = edgeOf(new URL(names.origin));
  let isForbidden = false;
  const forbids = (policy: string): boolean => {
    const isForbiddenBy = forbidsImages(policy, edge, page.url);
    isForbidden ||= isForbiddenBy;
    return isForbiddenBy;
  };
  const [ids, waiting]: [string[], string[]] = [[], []];
  const infoOf = async (asked: readonly string[]) => {
    for (const id of asked) (warming.known(id) === undefined ? waiting : ids).push(id);
    return new Map(ids.map((id) => [id, warming.known(id) ?? null]));
  };
  // The Worker passes such a page on.
  if (page.policy !== null && forbids(page.policy)) return { text: page.text, rewritten: 0, ids, waiting, isForbidden };
  const start = { url: page.url.href, policy: page.policy, charset: null, forbids };
  const { page: text, images } = await rewritePage(page.text, html, infoOf, start);
  return { text, rewritten: images, ids, waiting, isForbidden };
}

/** Where the site's images would be: a page's policy is judged by it. */
function edgeOf({ protocol, hostname }: URL): URL {
  return new URL(`https://images.${protocol === "https:" ? hostname.replace(/^www\./, "") : "example.com"}`);
}
