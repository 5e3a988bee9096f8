import type { Arguments } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { usageError } from "../platform/exit-codes.ts";
import { isWeb, type SiteSpec } from "./read-site.ts";

/** Pages that are read at most, where `--max-pages` says nothing else. */
export const MAX_PAGES = 10_000;

/** What is read, and how. Throws a usage error unless the flags name one input. */
export function readSpec(args: Arguments): SiteSpec {
  const most = args.text("max-pages");
  return {
    ...readPlace(args),
    crawl: args.flag("crawl"),
    maxPages: most === null ? MAX_PAGES : readCount(most, "--max-pages", 1),
    browser: args.flag("browser"),
  };
}

/** What is read, by the flags that name an input in `prewarm warm` too. */
function readPlace(args: Arguments): Pick<SiteSpec, "site" | "base" | "isSitemap"> {
  const [html, sitemap, site] = [args.text("html"), readAddress(args, "sitemap"), readAddress(args, "site")];
  if (html !== null && isWeb(html)) throw usageError("--html is a folder or a file; a site is --site.");
  if (html !== null && sitemap === null)
    return { site: html, base: site === null ? null : new URL(site).href, isSitemap: false };
  const [place] = [sitemap, site].filter((one) => one !== null);
  if (html === null && place !== undefined && (sitemap === null || site === null))
    return { site: place, base: null, isSitemap: sitemap !== null };
  throw usageError(
    "prewarm coverage reads --html, --sitemap or --site, one of them.",
    "--html dist, beside which --site may stand, or --site https://www.example.com",
  );
}

function readAddress(args: Arguments, flag: "site" | "sitemap"): string | null {
  const text = args.text(flag);
  if (text !== null && !(isWeb(text) && URL.canParse(text))) throw usageError(`--${flag} is no http(s) URL: ${text}`);
  return text;
}
