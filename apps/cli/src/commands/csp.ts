import type { Config } from "@prewarm/shared/config";
import type { Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { localOriginals, readEdgeUrl } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";

export const cspCommand: Command = {
  name: "csp",
  description: "Print the headers that a page with images needs: its Content-Security-Policy, and a preconnect",
  operands: null,
  flags: {
    placeholder: { type: "boolean", description: "Pages show placeholders (`lqip`), by an inline style" },
    scripts: {
      type: "boolean",
      description: "Pages call `info` or `upgrade`, or have the service worker or the inspector of @prewarm/client",
    },
  },
  examples: ["prewarm csp --edge-url https://images.example.com", "prewarm csp --placeholder --scripts --json"],
  async run(args, context) {
    const config = await loadConfig(args, context);
    const edge = new URL(readEdgeUrl(args, context)).origin;
    const local = localOriginals(edge, args, context);
    const urls = local === null ? urlsOf(config) : [local];
    const originals = originsOf(urls).filter((origin) => origin !== edge);
    const [placeholder, scripts] = [args.flag("placeholder"), args.flag("scripts")];
    const policy = [
      ["img-src 'self'", edge, ...originals, ...(placeholder ? ["data:"] : [])],
      ...(placeholder ? [["style-src-attr 'unsafe-inline'"]] : []),
      ...(scripts ? [["connect-src 'self'", edge]] : []),
    ];
    const headers = {
      "Content-Security-Policy": policy.map((words) => words.join(" ")).join("; "),
      // Images are asked for without credentials of their own, unless a page says `crossorigin`.
      Link: `<${edge}>; rel=preconnect`,
    };
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.csp/1", { headers, edge, originals });
    else for (const [name, value] of Object.entries(headers)) report.data(`${name}: ${value}`);
    if (!report.json && originals.length > 0)
      report.note(`A cold image comes from ${originals.join(", ")}; a policy without it breaks cold images only.`);
    if (config.sources.some((source) => "url" in source && typeof source.url === "function"))
      report.note(
        "A source's url is a function, which names no origin before it is called: add those that it returns.",
      );
    return EXIT.ok;
  },
};

/** Where viewers are sent for an original. Originals of a bucket come from the edge itself. */
function urlsOf({ sources }: Config): string[] {
  return sources.flatMap((source) => ("url" in source && typeof source.url === "string" ? [source.url] : []));
}

/** Each origin once. */
function originsOf(urls: readonly string[]): string[] {
  return [...new Set(urls.flatMap((url) => URL.parse(url.replace("{id}", "id"))?.origin ?? []))];
}
