import type { Config } from "@prewarm/shared/config";
import { printableJson } from "@prewarm/shared/printable";
import { publicConfig } from "@prewarm/shared/public-config";
import { FILES, printFiles, wranglerFiles } from "@prewarm/wrangler-files/wrangler-files";
import type { Arguments, Command } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { localOriginals, readEdgeUrl } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { findInstallation } from "../site/installation.ts";
import { fileFaults } from "../site/wrangler-files.ts";
import { createReport, type Report } from "../terminal/report.ts";

interface Asked {
  config: Config;
  args: Arguments;
  context: Context;
  report: Report;
}

const KINDS = { client: printClient, csp: printCsp, wrangler: printWrangler } as const;
const NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

export const printCommand: Command = {
  name: "print",
  description: "Print what the configuration says: client, csp or wrangler",
  more:
    "`client`: prewarm.public.ts, what pages may know of the configuration, for @prewarm/client. `csp`: the headers that a page " +
    "with images needs. `wrangler`: the files of both Workers, to read them; with --to only that environment and the top level.",
  operands: { hint: `<${NAMES.join("|")}>`, description: "What to print", min: 1, max: 1, options: NAMES },
  flags: {
    placeholder: { type: "boolean", description: "Of csp: pages show placeholders (`lqip`), by an inline style" },
    scripts: {
      type: "boolean",
      description:
        "Of csp: pages call `info` or `upgrade`, or have the service worker or the inspector of @prewarm/client",
    },
    worker: {
      type: "string",
      options: ["edge", "consumer"],
      description: "Of wrangler: one Worker's file. Default: both",
    },
  },
  examples: [
    "prewarm print client > prewarm.public.ts",
    "prewarm print client --json > prewarm.public.json",
    "prewarm print csp --placeholder --scripts --edge-url https://images.example.com",
    "prewarm print wrangler --worker edge --to staging",
  ],
  async run(args, context) {
    const [operand] = args.operands;
    const kind = NAMES.find((name) => name === operand);
    if (kind === undefined) throw usageError(`“${operand}” is nothing to print; there are ${NAMES.join(", ")}.`);
    const config = await loadConfig(args, context);
    KINDS[kind]({ config, args, context, report: createReport(args, context) });
    return EXIT.ok;
  },
};

/** `as const`, so that names of presets, ratios and formats are types. */
function printClient({ config, report }: Asked): void {
  const known = publicConfig(config);
  if (report.json) {
    report.document("prewarm.client/1", known);
    return;
  }
  report.data(
    "// Printed by `prewarm print client`; print it again when prewarm.config.ts changes. Nothing in it is secret.",
  );
  report.data("export const publicConfig = {");
  for (const [setting, value] of Object.entries(known))
    report.data(`  ${setting}: ${printableJson(JSON.stringify(value))},`);
  report.data("} as const;");
}

function printCsp({ config, args, context, report }: Asked): void {
  const edge = new URL(readEdgeUrl(args, context)).origin;
  const local = localOriginals(edge, args, context);
  const originals = originsOf(local === null ? urlsOf(config) : [local]).filter((origin) => origin !== edge);
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
  if (report.json) report.document("prewarm.csp/1", { headers, edge, originals });
  else for (const [name, value] of Object.entries(headers)) report.data(`${name}: ${value}`);
  if (!report.json && originals.length > 0)
    report.note(`A cold image comes from ${originals.join(", ")}; a policy without it breaks cold images only.`);
  if (config.sources.some((source) => "url" in source && typeof source.url === "function"))
    report.note("A source's url is a function, which names no origin before it is called: add those that it returns.");
}

/** Where viewers are sent for an original. Originals of a bucket come from the edge itself. */
function urlsOf({ sources }: Config): string[] {
  return sources.flatMap((source) => ("url" in source && typeof source.url === "string" ? [source.url] : []));
}

/** Each origin once. */
function originsOf(urls: readonly string[]): string[] {
  return [...new Set(urls.flatMap((url) => URL.parse(url.replace("{id}", "id"))?.origin ?? []))];
}

function printWrangler({ config, args, context, report }: Asked): void {
  const faults = fileFaults(config);
  if (faults.length > 0) throw new CliError(EXIT.usage, "The configuration is at fault:", ...faults);
  const to = args.text("to");
  const site = { ...config, deploy: to === null ? config.deploy : { [to]: config.deploy[to] ?? {} } };
  const only = args.text("worker");
  const workers = (["edge", "consumer"] as const).filter((worker) => only === null || worker === only);
  const { files: installation } = findInstallation(findConfigFile(args, context) ?? "");
  if (report.json) {
    const files = wranglerFiles(site, installation);
    report.document("prewarm.wrangler/1", Object.fromEntries(workers.map((worker) => [worker, files[worker]])));
    return;
  }
  const texts = printFiles(site, installation);
  for (const worker of workers)
    for (const line of (texts.get(FILES[worker]) ?? "").trimEnd().split("\n")) report.data(line);
}
