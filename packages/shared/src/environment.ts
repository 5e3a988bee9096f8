import type { SourceConfig } from "./config.ts";
import { TOKEN_MIN_CHARS } from "./limits.ts";

/** A comma-separated secret as a list, without empty parts. */
export function secretList(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/**
 * The keys of signed URLs. Outside the local stack short ones are none, as short tokens are: one signed URL of a page is enough to guess its key by
 * trying, without a call of ours.
 */
export function signingKeys(text: string | undefined, isLocal: boolean): string[] {
  return secretList(text).filter((key) => isLocal || key.length >= TOKEN_MIN_CHARS);
}

/** The sources with `url` in place of the one whose prefix is `""`: edge and consumer must agree on where an original is. */
export function withDefaultUrl(sources: readonly SourceConfig[], url: string): SourceConfig[] {
  return [...sources.filter((source) => source.prefix !== ""), { prefix: "", url }];
}

/** An address that a path can be put behind. */
export function withoutFinalSlashes(address: string): string {
  let end = address.length;
  while (address[end - 1] === "/") end -= 1;
  return address.slice(0, end);
}
