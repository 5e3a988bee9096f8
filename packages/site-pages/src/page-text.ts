import { readTokens } from "./page-tokens.ts";

/** Bytes in which a browser looks for what a page says of its letters. */
const HEAD_BYTES = 1024;

/**
 * The text of a page or a style sheet, decoded as a browser does: by the mark at its beginning, else by `charset` (of its `Content-Type`; null:
 * none), else by what it says itself, else as UTF-8.
 */
export function pageText(bytes: Uint8Array, charset: string | null): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, HEAD_BYTES));
  return decoderOf(markOf(head) ?? charset ?? said(head) ?? "utf-8").decode(bytes);
}

function markOf(head: string): string | null {
  if (head.startsWith("ï»¿")) return "utf-8";
  if (head.startsWith("ÿþ")) return "utf-16le";
  return head.startsWith("þÿ") ? "utf-16be" : null;
}

/** The `charset` of a `Content-Type`. Null: it names none. */
export function charsetOf(type: string): string | null {
  return /charset="?([\w-]+)/i.exec(type)?.[1] ?? null;
}

/** What `@charset` or the first `<meta>` says. It can be read as ASCII, so it is not UTF-16, whatever it says. */
function said(head: string): string | null {
  let found = /^@charset "([^"]*)";/.exec(head)?.[1] ?? null;
  readTokens(head, {
    tag({ tagName, attrs }) {
      const attribute = (asked: string) => attrs.find(({ name }) => name === asked)?.value;
      if (tagName !== "meta" || found !== null) return;
      const isType = attribute("http-equiv")?.toLowerCase() === "content-type";
      const content = isType ? /charset\s*=\s*["']?([^\s"';]+)/i.exec(attribute("content") ?? "")?.[1] : undefined;
      found = attribute("charset") ?? content ?? null;
    },
    text: () => {},
    comment: () => {},
  });
  return found !== null && /^\s*utf-?16/i.test(found) ? "utf-8" : found;
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
