import * as z from "zod";
import { count } from "./words.ts";

export const LedgerImport = z
  .object({
    rows: count.meta({ description: "Rows of this body" }),
    done: z.boolean().meta({ description: "The copy was whole, and is the ledger now" }),
  })
  .meta({ id: "LedgerImport" });

export const ledgerImportQuery = z.object({
  replace: z.literal("true").meta({ description: "What is there now is lost" }),
});

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
