import * as z from "zod";
import type { CallTable } from "./call.ts";

export const restoreRequest = z.union([
  z.strictObject({ at: z.iso.datetime().meta({ description: "Within the last 30 days" }) }),
  z.strictObject({ bookmark: z.string().min(1).max(200) }),
]);

export const LedgerRestore = z
  .object({
    bookmark: z.string(),
    undo: z.string().meta({ description: "The bookmark of now: restoring it takes this back" }),
  })
  .meta({ id: "LedgerRestore" });
/** Bookmarks of the platform's backups. */
export type LedgerRestore = z.infer<typeof LedgerRestore>;

export const ledgerCalls = {
  "GET /api/v1/ledger/export": {
    id: "exportLedger",
    tag: "system",
    may: "copy",
    summary: "What another ledger must be told in place of this one, a line of JSON each, streamed",
    description:
      "Lines with `call` name a call of this API and its body: the month's jobs, removals, focal points. Lines with `id` are open jobs, which `prewarm warm --file` takes. The last line has the number of the others.",
    answers: { 200: [z.string(), "The lines", "application/x-ndjson"] },
  },
  "POST /api/v1/ledger/restore": {
    id: "restoreLedger",
    tag: "system",
    may: "restore",
    summary: "Put the database back to an earlier time by the platform's bookmarks",
    description: "The platform keeps 30 days. `undo` of the answer takes the restore back.",
    body: restoreRequest,
    answers: { 200: [LedgerRestore, "It stands on the bookmark"] },
  },
} as const satisfies CallTable;
