import { LedgerImport, LedgerRestore, ledgerImportQuery, restoreRequest } from "@prewarm/control-schema/ledger";
import { ApiError } from "@prewarm/shared/api-errors";
import type { AppError } from "@prewarm/shared/errors";
import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { STREAM_MAX_BYTES } from "@prewarm/shared/limits";
import type { Context } from "hono";
import * as z from "zod";
import { decode, splitLines } from "../intake/split-lines.ts";
import type { ApiDeps } from "./deps.ts";
import { type ApiEnv, acting, unread } from "./endpoint.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

/** A day of the history is the longest row, below the 2 MB that one may have. */
const LINE_MAX_CHARS = 2_000_000;
/** Lines, and characters, that one call of the ledger takes in. */
const ROWS_MAX = 1_000;
const CHARS_MAX = 4_000_000;
const NDJSON = "application/x-ndjson";

const header = z.object({ prewarm: z.literal("ledger/1"), schema: z.number().int().min(1) });
const end = z.object({ end: z.number().int().min(0) });

export const ledger = [
  unread(
    "copy",
    {
      method: "get",
      path: "/api/v1/ledger/export",
      tags: ["system"],
      summary: "All rows of the ledger: a header line, a line each, a last line with their number",
      responses: { 200: { description: "The copy", content: { [NDJSON]: { schema: z.string() } } }, ...refusals },
    },
    exportLedger,
  ),
  unread(
    "restore",
    {
      method: "post",
      path: "/api/v1/ledger/import",
      tags: ["system"],
      summary: "Put a copy in the ledger's place",
      description:
        "The lines of an export, whole or in parts one after the other. Nothing is changed until the last line has come; then all leases end, and numbers go on above all that were given.",
      request: {
        query: ledgerImportQuery,
        body: { required: true, content: { [NDJSON]: { schema: z.string() } } },
      },
      responses: { 200: answer(LedgerImport, "Taken in"), ...refusals },
    },
    importLedger,
    STREAM_MAX_BYTES,
  ),
  acting("restore")(
    {
      method: "post",
      path: "/api/v1/ledger/restore",
      tags: ["system"],
      summary: "Put the database back to an earlier time by the platform's bookmarks",
      request: { body: jsonBody(restoreRequest) },
      responses: { 200: answer(LedgerRestore, "It stands on the bookmark"), ...refusals },
    },
    async (c, { ledger, clock, sleep }) => {
      const body = c.req.valid("json");
      const to = "at" in body ? { at: Date.parse(body.at) } : body;
      if ("at" in to && to.at > clock.now()) throw new ApiError("body_invalid", { detail: "`at` lies in the future." });
      // The bookmarks are found first: a repeat of `restoreTo` may meet the database after its restart, and must go to the same one.
      const found = await ledger.findBookmark(to);
      if (found === null || (await ledger.restoreTo({ bookmark: found.bookmark })) === null)
        throw new ApiError("not_configured", { detail: "The platform knows no such bookmark. Local runs keep none." });
      await sleep(RESTART_MS);
      const { before, ...bookmarks } = found;
      await ledger.restored(c.get("caller").who, { ...bookmarks }, before);
      return c.json(bookmarks, 200);
    },
  ),
];

/** The object restarts within this. */
const RESTART_MS = 1_000;

async function exportLedger(c: Context<ApiEnv>, { ledger }: ApiDeps): Promise<never> {
  const { who } = c.get("caller");
  const first = await ledger.exportSlice(null, who);
  const encoder = new TextEncoder();
  let [slice, rows, isBegun]: [typeof first | null, number, boolean] = [first, 0, false];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const lines: string[] = isBegun ? [] : [JSON.stringify({ prewarm: "ledger/1", schema: first.schema })];
      isBegun = true;
      if (slice === null) {
        controller.enqueue(encoder.encode(`${JSON.stringify({ end: rows })}\n`));
        controller.close();
        return;
      }
      lines.push(...slice.lines);
      rows += slice.lines.length;
      slice = slice.next === null ? null : await ledger.exportSlice(slice.next, who);
      controller.enqueue(encoder.encode(lines.map((line) => `${line}\n`).join("")));
    },
  });
  const headers = { "Content-Type": NDJSON };
  // A stream is no answer that the document describes.
  return new Response(body, { headers }) as never;
}

async function importLedger(c: Context<ApiEnv>, { ledger }: ApiDeps) {
  if (c.req.query("replace") !== "true")
    throw new ApiError("parameter_invalid", {
      detail: "What is there now is lost: say ?replace=true.",
      parameter: "replace",
    });
  if (c.req.raw.body === null) throw new ApiError("body_invalid", { detail: "There is no body." });
  let [rows, done, chars]: [number, boolean, number] = [0, false, 0];
  let lines: string[] = [];
  const send = async (): Promise<void> => {
    const bad = lines.length === 0 ? null : await ledger.importRows(lines);
    if (bad !== null) throw notACopy(`line ${rows - lines.length + bad + 1} of the rows is none of a copy`);
    [lines, chars] = [[], 0];
  };
  for await (const line of splitLines(decode(c.req.raw.body), LINE_MAX_CHARS)) {
    if (line === null || done) throw notACopy(done ? "there are lines after its end" : "a line is too long");
    if (line.startsWith('{"table":')) {
      rows += 1;
      chars += line.length;
      lines.push(line);
      if (lines.length === ROWS_MAX || chars > CHARS_MAX) await send();
    } else if (line.startsWith('{"prewarm":')) await begin(line, ledger);
    else if (line !== "") {
      await send();
      const last = end.safeParse(parse(line));
      if (!last.success) throw notACopy("a line is neither a row nor its end");
      done = await ledger.importEnd(last.data.end, c.get("caller").who);
      if (!done) throw notACopy("rows are missing, or came twice; begin again with its first line");
    }
  }
  await send();
  return c.json({ rows, done }, 200);
}

async function begin(line: string, ledger: ApiDeps["ledger"]): Promise<void> {
  const { success, data } = header.safeParse(parse(line));
  if (!success) throw notACopy("its first line is none of `prewarm ledger export`");
  if (!(await ledger.importBegin(data.schema)))
    throw notACopy(
      `a newer version wrote it (schema ${data.schema}). Deploy that version or a later one, then import it`,
    );
}

function parse(line: string): unknown {
  try {
    return parseForeignJson(line);
  } catch {
    return null;
  }
}

function notACopy(why: string): AppError {
  return new ApiError("body_invalid", { detail: `This is no whole copy of a ledger: ${why}. Nothing was changed.` });
}
