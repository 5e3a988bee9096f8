import type { Config } from "@prewarm/shared/config";
import { PACKAGES } from "@prewarm/shared/packages";
import { printRewriter, REWRITER_FILE } from "@prewarm/wrangler-files/wrangler-files";

/** The files of the Worker in front of a site's pages, by path. `pages`: their host. `from`: what the `src` of their images begins with. */
export function rewriterFiles(site: Pick<Config, "deploy">, pages: string, from: string): Map<string, string> {
  return new Map([
    ["rewriter.ts", worker(from)],
    [REWRITER_FILE, printRewriter(site, pages)],
  ]);
}

function worker(from: string): string {
  return `import { createRewriter } from "${PACKAGES.prewarm}/rewriter";
import site from "./prewarm.config.ts";

// What the \`src\` of the site's images begins with; what follows is the id.
export default createRewriter(site, { from: ${JSON.stringify(from)} });
`;
}
