import * as z from "zod";

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
