import { ApiError } from "@prewarm/shared/api-errors";
import type { ApiDeps } from "./deps.ts";
import type { Asked, Resource } from "./endpoint.ts";
import { exportLines } from "./export-lines.ts";

const NDJSON = "application/x-ndjson";
/** The object restarts within this. */
const RESTART_MS = 1_000;

export const ledger = {
  "GET /api/v1/ledger/export": { unread: exportLedger },
  "POST /api/v1/ledger/restore": async ({ body, caller }, { ledger, clock, sleep }) => {
    const to = "at" in body ? { at: Date.parse(body.at) } : body;
    if ("at" in to && to.at > clock.now()) throw new ApiError("body_invalid", { detail: "`at` lies in the future." });
    // The bookmarks are found first: a repeat of `restoreTo` may meet the database after its restart, and must go to the same one.
    const found = await ledger.findBookmark(to);
    if (found === null || (await ledger.restoreTo({ bookmark: found.bookmark })) === null)
      throw new ApiError("not_configured", { detail: "The platform knows no such bookmark. Local runs keep none." });
    await sleep(RESTART_MS);
    const { before, ...bookmarks } = found;
    await ledger.restored(caller.who, { ...bookmarks }, before);
    return bookmarks;
  },
} satisfies Resource;

/** Slice by slice, as fast as it is read. An error breaks the answer off before its last line. */
async function exportLedger(
  { caller }: Pick<Asked<"GET /api/v1/ledger/export">, "caller">,
  { ledger }: ApiDeps,
): Promise<Response> {
  await ledger.noteExport(caller.who);
  const encoder = new TextEncoder();
  let [cursor, count]: [string | null, number] = [null, 0];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { facts, next } = await ledger.exportSlice(cursor);
      const lines: object[] = exportLines(facts);
      count += lines.length;
      cursor = next;
      if (next === null) lines.push({ end: count });
      controller.enqueue(encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
      if (next === null) controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": NDJSON } });
}
