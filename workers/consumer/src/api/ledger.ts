import { LedgerRestore, restoreRequest } from "@prewarm/control-schema/ledger";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Context } from "hono";
import * as z from "zod";
import type { ApiDeps } from "./deps.ts";
import { type ApiEnv, acting, unread } from "./endpoint.ts";
import { exportLines } from "./export-lines.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

const NDJSON = "application/x-ndjson";
/** The object restarts within this. */
const RESTART_MS = 1_000;

export const ledger = [
  unread(
    "copy",
    {
      method: "get",
      path: "/api/v1/ledger/export",
      tags: ["system"],
      summary: "What another ledger must be told in place of this one, a line of JSON each, streamed",
      description:
        "Lines with `call` name a call of this API and its body: the month's jobs, removals, focal points. Lines with `id` are open jobs, which `prewarm warm --file` takes. The last line has the number of the others.",
      responses: { 200: { description: "The lines", content: { [NDJSON]: { schema: z.string() } } }, ...refusals },
    },
    exportLedger,
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

/** Slice by slice, as fast as it is read. An error breaks the answer off before its last line. */
async function exportLedger(c: Context<ApiEnv>, { ledger }: ApiDeps): Promise<never> {
  const { who } = c.get("caller");
  const encoder = new TextEncoder();
  let [cursor, count]: [string | null, number] = [null, 0];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { facts, next } = await ledger.exportSlice(cursor, who);
      const lines: object[] = exportLines(facts);
      count += lines.length;
      cursor = next;
      if (next === null) lines.push({ end: count });
      controller.enqueue(encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
      if (next === null) controller.close();
    },
  });
  const headers = { "Content-Type": NDJSON };
  // A stream is no answer that the document describes.
  return new Response(body, { headers }) as never;
}
