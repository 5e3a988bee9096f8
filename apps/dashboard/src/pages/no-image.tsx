import { known } from "../api/session.ts";
import { isElsewhere } from "../lib/any-url.ts";
import { shellQuote } from "../lib/curl.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Empty } from "../ui/view.tsx";

/** Why a text has no picture to show, and the way that works. */
export function NoImage({ text }: { text: string }) {
  if (isElsewhere(text)) return <Elsewhere url={text.trim()} />;
  return (
    <Empty title="No image URL of the edge in this text">
      A URL of the edge has <span class="mono">/images/</span> before the image id. A sitemap may list originals
      instead: <span class="mono">prewarm warm --sitemap</span> knows which image each original belongs to.
    </Empty>
  );
}

/** This page may talk to its own server only. The command line reads sitemaps of the web, and pages from files. */
function Elsewhere({ url }: { url: string }) {
  const isSitemap = /\.xml(?:\.gz)?(?:$|\?)/i.test(url);
  const edge = known()?.edgeUrl;
  const command = isSitemap
    ? `prewarm warm --sitemap ${shellQuote(url)}`
    : `curl -s ${shellQuote(url)} > page.html && prewarm warm --html page.html --site ${shellQuote(new URL(url).origin)}${edge ? ` --edge-url ${shellQuote(edge)}` : ""}`;
  return (
    <section class="card" aria-label="Another site">
      <p>
        <b>The dashboard cannot read other sites.</b>{" "}
        {isSitemap
          ? "Open the sitemap and paste its text here, or let the command line read it:"
          : "Open the page, paste its source here, or let the command line read it:"}
      </p>
      <pre class="mono break">{command}</pre>
      <CopyButton what="The command" text={command}>
        Copy the command
      </CopyButton>
    </section>
  );
}
