import { COMMON_FLAGS, type Command, type Flag } from "./arguments/command.ts";
import { VARIABLES } from "./arguments/settings.ts";
import { sentencesOf, termOf } from "./command-line.ts";
import { FIELDS } from "./input/item.ts";
import { PAGE_BYTES_MAX } from "./input/read-pages.ts";
import { EXIT_MEANINGS } from "./platform/exit-codes.ts";
import { DESCRIPTION, GROUPS } from "./program.ts";
import { CHUNK_ITEMS_MAX } from "./send/chunk-items.ts";

const INTRODUCTION = `# The command line

<!-- Printed by apps/cli/scripts/print-cli-docs.ts; edit the code, not this page. -->

For people at a terminal and for scripts: every command, flag and exit code of \`prewarm\`, to ${DESCRIPTION.toLowerCase()}.
In this repository, or with \`--prefix\` from elsewhere:
\`npm run --silent prewarm -- <command>\`. In a site that installs the package \`prewarm\` ([install](install.md)): \`npx prewarm <command>\`.
Its program is one file, \`dist/prewarm.mjs\`, for Node 20 and later, which runs alone too; \`dev\` and \`ittybit check\` need the
packages. The working directory has \`.prewarm/\`, and relative paths begin there.

Commands that read prewarm.config.ts need Node 22.18 for its TypeScript. Where no package is installed, the file cannot import
\`prewarm/config\`: export a plain object, \`export default { sources: […] }\`.

prewarm.config.ts is code, and it runs with the tokens of your environment. The command looks for it in the working directory and the
folders above, up to the root of the repository (where \`.git\` is). It refuses a file or a folder of another user unless \`--config\` or
\`PREWARM_CONFIG\` names the file, which a container that runs as root on a mounted folder needs. Root's own files are trusted.

\`prewarm help <command>\` and \`--help\` show the flags, \`prewarm --version\` prints the version, and
\`source <(prewarm completion bash)\` (or \`zsh\`; \`fish\` reads it from a file) lets Tab complete commands, flags and values.

Data goes to stdout, messages for people to stderr. Progress is one moving line on a terminal and a plain line every ten seconds
elsewhere; \`--quiet\` and \`NO_COLOR\` are honoured. With \`--json\` stdout has one document whose \`schema\` names its shape. A shape may
get new fields; a changed or removed field raises its number.`;

const INPUT = `## What \`warm\` reads

Arguments, \`--file\` (text, NDJSON, CSV, a sitemap; \`.gz\` is unzipped), stdin, \`--sitemap\`, \`--html\`, \`--r2-prefix\` and \`--s3-inventory\` may be given
together. The command reads them in that order, as streams: a million lines need no more memory than a thousand.

- **Text**: an id or a URL per line, as written. Empty lines are skipped.
- **NDJSON**: an object per line with ${FIELDS.map((name) => `\`${name}\``).join(", ")}, or a string.
  \`run\`, \`label\` and \`lane\` (\`upload\` or \`bulk\`) say under what the item is ordered, and \`"force":true\` makes it again where it
  is stored. An [export of the ledger](backup.md#what-an-export-has) is such a file; its lines with \`call\` and \`end\` are passed over.
- **CSV**: the same names in the header, in any order; several presets or transforms in a cell are separated by spaces. Every row has
  as many cells as the header; quotes and line ends are as in RFC 4180. The API reads \`text/csv\` by the same rule.
- **Sitemap** or sitemap index, by URL or file: every \`image:loc\`, and every page address that is the address of an image.
- **Pages** (\`--html dist\`): every address of the edge in the pages and style sheets of a build, in every element:
  \`src\`, \`srcset\`, preloads, posters, icons, links, \`og:image\`, \`image_src\`, AMP, \`url()\`, \`image-set()\`, lazy loaders' \`data-src\`
  and \`data-srcset\`, Outlook's conditional comments, \`noscript\` and \`template\`. Entities and escapes are undone. Scripts, JSON-LD and
  frameworks' data (also in attributes) are read for whole addresses; an address that a script builds is not found. Each
  address counts once. Relative addresses need \`--site\`. A page over ${PAGE_BYTES_MAX / 1024 / 1024} MiB is a bad line.
- **R2**: every image under a prefix, listed through Cloudflare's API, with the etags, so that variants of replaced originals are made again.
- **S3 Inventory**: every image of a \`manifest.json\` in CSV, as S3 writes it, with the etags. The listed files are in \`../data/\` beside the
  manifest, as in the bucket, or where \`--inventory-data\` says. Nothing of a file is sent before its MD5 is checked. Keys are decoded;
  old versions, delete markers and files that are no pictures are left out. Parquet and ORC are refused.

\`id\`, \`url\` or \`key\` names the image. A URL of an original and a key in a bucket are read backwards through the sources of
prewarm.config.ts. A URL of the edge (\`PREWARM_EDGE_URL\`) names the image and its transform. Recipe, presets
and transforms of an item win over the command line; without either the recipe \`upload\` applies.

An input without any image ends with 2, because a pattern may no longer match; \`--allow-empty\` accepts it.

An image that passes through (\`passThrough\` in prewarm.config.ts, such as SVG) is no error: the edge serves it unchanged. The summary
counts it as \`passedThrough\`.

A bad line is printed with its place (\`ids.csv:17\`) and stops no other line; the command then ends with 1.

## Interrupted?

A request has up to ${CHUNK_ITEMS_MAX} images and a key that names run and chunk, so a repeated request enqueues nothing twice. After
each request the command writes its state to \`.prewarm/<run>.json\`. Ctrl-C once finishes the request under way and prints the command
that continues; Ctrl-C twice ends at once. \`prewarm warm --resume <run>\` (or \`last\`) reads the input again, skips the accepted part, and
refuses an input that has changed. After a 429 or 503 the command waits as long as \`Retry-After\` says.`;

/** docs/cli.md, whole. */
export function formatCliDocs(): string {
  const exits = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const variables = Object.entries(VARIABLES).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return `${[
    INTRODUCTION,
    INPUT,
    `## Exit codes\n\n| code | meaning |\n|---|---|\n${exits.join("\n")}`,
    `## Environment\n\n| variable | meaning |\n|---|---|\n${variables.join("\n")}`,
    `## Flags of every command\n\n${flagTable(COMMON_FLAGS)}`,
    ...Object.entries(GROUPS).flatMap(([group, commands]) => [`## ${group}`, ...commands.map(commandSection)]),
  ].join("\n\n")}\n`;
}

function commandSection(command: Command): string {
  const { name, operands, flags, examples } = command;
  const usage = [`prewarm ${name}`, operands?.hint, Object.keys(flags).length > 0 ? "[flags]" : undefined];
  const parts = [
    `### prewarm ${name}`,
    sentencesOf(command),
    `\`${usage.filter(Boolean).join(" ")}\`${operands === null ? "" : `: ${operands.description}.`}`,
  ];
  if (Object.keys(flags).length > 0) parts.push(flagTable(flags));
  parts.push(`\`\`\`sh\n${examples.join("\n")}\n\`\`\``);
  return parts.join("\n\n");
}

function flagTable(flags: Record<string, Flag>): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = Object.entries(flags).map(
    ([name, flag]) => `| \`${cell(termOf(name, flag))}\` | ${cell(flag.description)} |`,
  );
  return `| flag | |\n|---|---|\n${rows.join("\n")}`;
}
