import * as z from "zod";
import type { CallTable } from "./call.ts";
import { RemovalReceipt, signature } from "./removal.ts";
import { runParams } from "./runs.ts";
import { count, cursor, Format, nextCursor, time } from "./words.ts";

/** Why a variant that a run asked for is not in R2. */
const why = z
  .enum(["gone", "purged", "queued", "processing", "retrying", "dead", "refused", "cancelled"])
  .meta({ description: "gone: it was stored, and nobody purged it; the others: a purge, or the job's state" });
export type MissingWhy = z.infer<typeof why>;

const Missing = z
  .object({
    key: z.string(),
    id: z.string().meta({ description: "The image's id" }),
    transform: z.string(),
    format: Format,
    why,
  })
  .meta({ id: "MissingVariant" });
export type MissingVariant = z.infer<typeof Missing>;

export const Receipt = z
  .strictObject({
    run: z.string(),
    label: z.string().nullable(),
    createdAt: time.meta({ description: "When the run was ordered, Unix milliseconds" }),
    startedAt: time.meta({ description: "When this check of R2 began, Unix milliseconds" }),
    checkedAt: time.nullable().meta({ description: "When it ended, Unix milliseconds; null: it is under way" }),
    ordered: count.meta({ description: "Variants that the run asked for" }),
    checked: count.meta({ description: "Of these, how many were looked for in R2" }),
    inStore: count.meta({ description: "Of these, how many R2 has" }),
    missing: count.meta({ description: "Of these, how many R2 does not have" }),
    whys: z.partialRecord(why, count).meta({ description: "`missing` by reason" }),
    forgotten: count.nullable().meta({
      description:
        "Variants of `ordered` that the ledger does not list any more, so that nobody looked for them; null until the check ends",
    }),
    complete: z.boolean().meta({ description: "The check has ended, and every variant of `ordered` is in R2" }),
    missingDigest: z.string().meta({ description: "SHA-256 over the missing keys and reasons, in hexadecimal digits" }),
  })
  .meta({ id: "Receipt" });
export type Receipt = z.infer<typeof Receipt>;

export const ReceiptPage = z
  .object({
    receipt: Receipt,
    missing: z.array(Missing).meta({ description: "What this step found missing" }),
    nextCursor: nextCursor.meta({ description: "The next step of the check; null: the check has ended" }),
    signature: signature
      .nullable()
      .meta({ description: "Ed25519 over the receipt's text, base64, once the check has ended" }),
  })
  .meta({ id: "ReceiptPage" });
export type ReceiptPage = z.infer<typeof ReceiptPage>;

/** The sums so far are in the cursor, so that the check keeps nothing on the server. */
export const receiptQuery = z.object({ cursor });

/** Of a run or of a removal. */
export const AnyReceipt = z.union([Receipt, RemovalReceipt]);
export type AnyReceipt = z.infer<typeof AnyReceipt>;

export const receiptCalls = {
  "GET /api/v1/runs/{run}/receipt": {
    id: "checkReceipt",
    tag: "runs",
    may: "viewer",
    summary: "One step of a check of a run against R2; the last step answers the signed receipt",
    description: "A step looks for about 1,000 variants. Follow `nextCursor` until it is null.",
    params: runParams,
    query: receiptQuery,
    answers: { 200: [ReceiptPage, "A step"] },
    refusals: { 404: "No such run" },
  },
  "GET /.well-known/prewarm-receipts": {
    id: "getReceiptKeys",
    tag: "system",
    may: "public",
    summary: "The public keys under which receipts are verified, as PEM; the first signs",
    description: "Ed25519 keys. `prewarm receipt verify` asks for them.",
    answers: { 200: [z.string(), "The keys", "text/plain"] },
    refusals: { 503: "RECEIPT_KEY is not set" },
  },
} as const satisfies CallTable;
