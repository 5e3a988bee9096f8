import { createHash } from "node:crypto";
import { appendFileSync, createReadStream, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PageRecord } from "@prewarm/site-pages/read-page";
import { readLines } from "../input/read-lines.ts";
import { usageError } from "../platform/exit-codes.ts";

/** Where the pages that were read lie until the command has ended: a line a page, so that a site of any size is never held in memory. */
export interface RecordStore {
  /** A file beside the pages, for what belongs to this site too. */
  path(ending: string): string;
  append(record: PageRecord): void;
  read(): AsyncGenerator<PageRecord>;
  remove(): void;
}

const DIRECTORY = ".prewarm";

/** `site`: what is read, and how; the same words name the same file. `resume`: go on with the file that an interrupted run has left. */
export function createRecordStore(cwd: string, site: unknown, resume: boolean): RecordStore {
  const name = createHash("sha256").update(JSON.stringify(site)).digest("hex").slice(0, 12);
  const path = (ending: string): string => join(cwd, DIRECTORY, `coverage-${name}.${ending}`);
  const file = path("pages.ndjson");
  if (resume && !existsSync(file))
    throw usageError(
      `There is no interrupted run of this site here (${file}).`,
      "Resume in the same directory with the same site and flags, or leave --resume out.",
    );
  mkdirSync(join(cwd, DIRECTORY), { recursive: true, mode: 0o700 });
  if (!resume) writeFileSync(file, "", { mode: 0o600 });
  return {
    path,
    append: (record) => appendFileSync(file, `${JSON.stringify(record)}\n`),
    async *read() {
      for await (const { text } of readLines(createReadStream(file))) {
        const record = text === null || text === "" ? null : parse(text);
        if (record !== null) yield record;
      }
    },
    remove: () => rmSync(file, { force: true }),
  };
}

/** Null for the line of a page that was cut off by a crash: the page is read again. */
function parse(line: string): PageRecord | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
