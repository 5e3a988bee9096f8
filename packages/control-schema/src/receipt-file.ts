import { printableJson } from "@prewarm/shared/printable";
import type { AnyReceipt } from "./receipts.ts";

/*
 * The file of a receipt that people keep and hand on: the text that is signed, and its signature as the last line. So
 * nothing in it is unsigned, and openssl can check it.
 */

/**
 * JSON of one field a line, in the order of their names whatever their order in `receipt`, with a line end behind it.
 * Control and format characters are escapes, so that people read what is signed.
 */
export function receiptText(receipt: AnyReceipt): string {
  const sorted = (_: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  return `${printableJson(JSON.stringify(receipt, sorted, 2))}\n`;
}

/** `signature`: base64. */
export function receiptFile(receipt: AnyReceipt, signature: string): string {
  return `${receiptText(receipt)}${signature}\n`;
}

/** What the file says, and its signature in base64, each as it stands there. */
export function splitReceiptFile(file: string): { text: string; signature: string } {
  const end = file.lastIndexOf("\n", file.length - 2) + 1;
  return { text: file.slice(0, end), signature: file.slice(end).trimEnd() };
}
