import type { MissingVariant, MissingWhy, ReceiptPage } from "@prewarm/control-schema/receipts";
import { ApiError } from "@prewarm/shared/api-errors";
import { printPem } from "@prewarm/shared/ed25519";
import { formatTransform } from "@prewarm/shared/transform";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import * as z from "zod";
import type { OrderedKey } from "../ledger/calls.ts";
import { fromBase64, toBase64Url } from "../platform/base64.ts";
import { findKeys } from "../store/find-keys.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { noCursor } from "./problem.ts";
import { isCursorSigned, publicKeys, receiptKey, signCursor, signReceipt } from "./receipt-keys.ts";

/** Proofs that what a run asked for is in R2. */
export const receipts = {
  "GET /api/v1/runs/{run}/receipt": ({ params: { run }, query }, deps) => receiptStep(run, query.cursor ?? null, deps),
  "GET /.well-known/prewarm-receipts": async ({ c }, deps) => {
    receiptKey(deps);
    return c.text(printPem(await publicKeys(deps)), 200);
  },
} satisfies Resource;

/** What a check has found so far. The caller keeps it, signed, between two steps. */
const Standing = z.object({
  run: z.string(),
  /** Of the ledger's list; null: its beginning. */
  cursor: z.string().nullable(),
  startedAt: z.number(),
  checked: z.number(),
  inStore: z.number(),
  whys: z.record(z.string(), z.number()),
  digest: z.string(),
});
type Standing = z.infer<typeof Standing>;

async function receiptStep(run: string, cursor: string | null, deps: ApiDeps): Promise<ReceiptPage> {
  const now = deps.clock.now();
  const begun = { run, cursor: null, startedAt: now, checked: 0, inStore: 0, whys: {}, digest: "" };
  const before = cursor === null ? begun : await readStanding(cursor, run, deps);
  const slice = await deps.ledger.listOrdered({ run, cursor: before.cursor, until: before.startedAt });
  if (slice === null) throw new ApiError("not_found", { detail: "No such run." });
  const keys = [...new Map(slice.keys.map((one) => [one.key, one])).values()];
  const found = await findKeys(
    deps.bucket,
    keys.map(({ key }) => key),
  );
  const missing = keys.filter(({ key }) => !found.has(key)).flatMap(missingOf);
  const whys: Partial<Record<MissingWhy, number>> = { ...before.whys };
  for (const { why } of missing) whys[why] = (whys[why] ?? 0) + 1;
  const checked = before.checked + keys.length;
  const inStore = before.inStore + found.size;
  const { startedAt } = before;
  const digest = await digestOf(before.digest, missing);
  const standing: Standing = { run, cursor: slice.next, startedAt, checked, inStore, whys, digest };
  const isDone = slice.next === null;
  const ordered = Math.max(slice.ordered, checked);
  const receipt = {
    run,
    label: slice.label,
    createdAt: slice.createdAt,
    startedAt,
    checkedAt: isDone ? now : null,
    ordered,
    checked,
    inStore,
    missing: checked - inStore,
    whys,
    forgotten: isDone ? ordered - checked : null,
    complete: isDone && inStore === ordered,
    missingDigest: digest,
  };
  const signature = isDone ? await signReceipt(receipt, deps) : null;
  return { receipt, missing, nextCursor: isDone ? null : await printStanding(standing, deps), signature };
}

function missingOf({ key, state, purged }: OrderedKey): MissingVariant[] {
  const parsed = parseVariantKey(key);
  if (parsed === null) return [];
  const why = purged ? "purged" : state === "stored" ? "gone" : state;
  const { id, transform } = parsed;
  return [{ key, id, transform: formatTransform(transform), format: transform.format, why }];
}

/** A chain of hashes, so that its end does not depend on the steps: each is of the one before, the key and the reason. */
async function digestOf(before: string, missing: readonly MissingVariant[]): Promise<string> {
  let digest = before;
  for (const { key, why } of missing) {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${digest} ${key} ${why}`));
    digest = Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return digest;
}

/** A signature in base64 has so many characters. */
const SIGNATURE_CHARS = 88;

async function printStanding(standing: Standing, deps: ApiDeps): Promise<string> {
  const text = JSON.stringify(standing);
  return toBase64Url(new TextEncoder().encode((await signCursor(text, deps)) + text));
}

/** Only sums that this API signed are continued: a caller could write a receipt of its own. */
async function readStanding(cursor: string, run: string, deps: ApiDeps): Promise<Standing> {
  const given = new TextDecoder().decode(fromBase64(cursor) ?? new Uint8Array());
  const [signature, text] = [given.slice(0, SIGNATURE_CHARS), given.slice(SIGNATURE_CHARS)];
  if (await isCursorSigned(text, signature, deps)) {
    const standing = Standing.parse(JSON.parse(text));
    if (standing.run === run) return standing;
  }
  throw noCursor();
}
