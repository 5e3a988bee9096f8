import { receiptText } from "@prewarm/control-schema/receipt-file";
import type { AnyReceipt } from "@prewarm/control-schema/receipts";
import { ApiError } from "@prewarm/shared/api-errors";
import { isPrivateKey, isPublicKey, isSignedBy, publicHalf, signText } from "@prewarm/shared/ed25519";
import type { ApiDeps } from "./deps.ts";

/*
 * The keys of receipts sign receipts and the cursors of their checks, and nothing else; nothing else signs either. The
 * text of a receipt begins with `{`, that of a cursor does not, so neither can stand for the other.
 */

type Keys = Pick<ApiDeps, "receiptKeys">;

const CURSOR = "cursor ";

/** The private key that signs. Throws where RECEIPT_KEY has none. */
export function receiptKey({ receiptKeys: [key = ""] }: Keys): string {
  if (isPrivateKey(key)) return key;
  throw new ApiError("not_configured", { detail: "Receipts are not configured: RECEIPT_KEY begins with no key." });
}

/** The signature of a receipt, base64. */
export function signReceipt(receipt: AnyReceipt, keys: Keys): Promise<string> {
  return signText(receiptText(receipt), receiptKey(keys));
}

export function signCursor(text: string, keys: Keys): Promise<string> {
  return signText(CURSOR + text, receiptKey(keys));
}

export async function isCursorSigned(text: string, signature: string, keys: Keys): Promise<boolean> {
  for (const key of await publicKeys(keys)) if (await isSignedBy(key, signature, CURSOR + text)) return true;
  return false;
}

/** The public half of each key, the one that signs first. */
export function publicKeys({ receiptKeys }: Keys): Promise<string[]> {
  return Promise.all(receiptKeys.filter((key) => isPrivateKey(key) || isPublicKey(key)).map(publicHalf));
}
