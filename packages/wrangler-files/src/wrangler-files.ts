import { stringify } from "smol-toml";
import type { Installation } from "./common.ts";
import { consumerFile } from "./consumer.ts";
import { edgeFile } from "./edge.ts";
import { rewriterFile } from "./rewriter.ts";
import type { Site, Table } from "./stage.ts";

/*
 * Both wrangler files of a site, made of its configuration. Nothing is read and nothing written here: whoever calls says where the parts of the
 * installation are, so that a site that installs Prewarm as a package is served by the same code as this repository.
 */

export const FILES = { edge: "wrangler.edge.toml", consumer: "wrangler.consumer.toml" } as const;

/** This repository. */
export const REPOSITORY: Installation = {
  edge: "workers/edge/src/worker.ts",
  consumer: "workers/consumer/src/worker.ts",
  dashboard: "apps/dashboard/dist",
  check: "node scripts/boot.mjs node scripts/check-config.ts --quiet",
  print: "npm run tables",
};

/** The two configurations as data, as wrangler's own files spell them. */
export function wranglerFiles(site: Site, installation: Installation): Record<keyof typeof FILES, Table> {
  return { edge: edgeFile(site, installation), consumer: consumerFile(site, installation) };
}

/** The two files as texts, by name. */
export function printFiles(site: Site, installation: Installation): Map<string, string> {
  const files = wranglerFiles(site, installation);
  return new Map([
    [FILES.edge, print(FILES.edge, files.edge, installation)],
    [FILES.consumer, print(FILES.consumer, files.consumer, installation)],
  ]);
}

export const REWRITER_FILE = "wrangler.rewriter.toml";

/** The file of the Worker in front of a site's pages, which are at the host `pages`. Printed once: it is the site's from then on. */
export function printRewriter(site: Pick<Site, "deploy">, pages: string): string {
  return `# The Worker in front of the pages: \`npx wrangler -c ${REWRITER_FILE} -e production deploy\`.
# Each environment needs a token that may look: \`npx wrangler -c ${REWRITER_FILE} -e production secret put VIEWER_TOKEN\`.
${stringify(rewriterFile(site, pages))}`;
}

function print(name: string, file: Table, { print }: Installation): string {
  return `# ${name}, printed by \`${print}\` from prewarm.config.ts: edit \`deploy\` there, never this file (docs/configuration.md).
# The top level is the local stack's. It has no name, so that a command without -e <env> finds no Worker to act on.
${stringify(file)}`;
}
