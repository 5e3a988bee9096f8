import { isSignedBy } from "@prewarm/shared/ed25519";
import { splitReceiptFile } from "./receipt-file.ts";
import { AnyReceipt } from "./receipts.ts";

/** A receipt with the public key under which it is signed, or why it is none. */
export type Checked = { receipt: AnyReceipt; key: string } | { fault: string };

/**
 * Checks the file of a receipt under these public keys. A text that one of them signed is read strictly: a field that
 * this version does not know makes it invalid.
 */
export async function checkReceipt(file: string, publicKeys: readonly string[]): Promise<Checked> {
  const { text, signature } = splitReceiptFile(file);
  const verdicts = await Promise.all(publicKeys.map((key) => isSignedBy(key, signature, text)));
  const key = publicKeys[verdicts.indexOf(true)];
  // What the command prints of a receipt is for people, and has no signature.
  if (key === undefined)
    return { fault: text.startsWith("{") ? "no key signed this text" : "it is no file of `prewarm receipt --save`" };
  const receipt = read(text);
  return receipt === null ? { fault: "the signed text is no receipt that this version knows" } : { receipt, key };
}

function read(text: string): AnyReceipt | null {
  try {
    return AnyReceipt.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
