import { basename } from "node:path";
import type { Given } from "@prewarm/control-schema/calls";
import { ImageIds } from "@prewarm/control-schema/image-actions";
import type * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";
import type { Arguments, Flag } from "../arguments/command.ts";
import { type Meter, measureFile, openFile, unzipped } from "../input/open-bytes.ts";
import { readLines } from "../input/read-lines.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import { checkImageId } from "./check-image-id.ts";

/** What names many images, beside operands. */
export const NAMING_FLAGS = {
  file: {
    type: "string",
    valueHint: "file",
    multiple: true,
    description: "File with an id a line, also gzip; - is the standard input",
  },
  folder: {
    type: "string",
    valueHint: "prefix/",
    multiple: true,
    description: "Images whose ids begin so, and of which R2 has something",
  },
  run: {
    type: "string",
    valueHint: "run",
    multiple: true,
    description: "Images that a run asked for; the ledger lists stored variants for three days",
  },
} as const satisfies Record<string, Flag>;

export interface NamedImages {
  /** Each once, in the order of the arguments. */
  ids: string[];
  /** What they are, for the audit log; null: operands named them all. */
  label: string | null;
}

const LABEL_MAX_CHARS = 200;

/** All images that the arguments name. Throws exit code 2 for the first argument or line that is no id. */
export async function nameImages(args: Arguments, context: Context, api: ControlApi): Promise<NamedImages> {
  const ids = new Set(args.operands.map((id) => checkImageId(id)));
  const [files, folders, runs] = [args.list("file"), args.list("folder"), args.list("run")];
  for (const folder of folders)
    if (!/[^/]\/$/.test(folder)) throw usageError(`--folder ${folder}: a folder ends with a slash, as summer/.`);
  for (const file of files) for await (const id of readIds(file, context)) ids.add(id);
  for (const folder of folders) for await (const id of pages(api, { folder })) ids.add(id);
  for (const run of runs) for await (const id of pages(api, { run })) ids.add(id);
  const said = [
    ...files.map((file) => (file === "-" ? "standard input" : `file ${basename(file)}`)),
    ...folders.map((folder) => `folder ${folder}`),
    ...runs.map((run) => `run ${run}`),
  ];
  return { ids: [...ids], label: said.length === 0 ? null : said.join(", ").slice(0, LABEL_MAX_CHARS) };
}

async function* readIds(file: string, context: Context): AsyncGenerator<string> {
  const meter: Meter = { readBytes: 0, totalBytes: 0 };
  if (file !== "-") await measureFile(file, meter, context);
  const bytes = file === "-" ? unzipped(context.stdin, "the standard input") : openFile(file, meter, context);
  for await (const { number, text } of readLines(bytes)) {
    if (text === "") continue;
    if (text === null) throw usageError(`${file}:${number}: the line is too long. Nothing was done.`);
    yield checkImageId(text, `${file}:${number}: `, " Nothing was done.");
  }
}

async function* pages(api: ControlApi, named: { folder: string } | { run: string }): AsyncGenerator<string> {
  const what = "run" in named ? `run ${named.run}` : `folder ${named.folder}`;
  for (let query: Given<"GET /api/v1/image-ids">["query"] | null = named; query !== null; ) {
    const { ids, nextCursor }: z.infer<typeof ImageIds> = await api.call("GET /api/v1/image-ids", { query }, ImageIds, {
      what,
    });
    yield* ids;
    query = nextCursor === null ? null : { ...named, cursor: nextCursor };
  }
}
