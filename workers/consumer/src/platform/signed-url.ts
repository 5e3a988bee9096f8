/*
 * Query parameters that make a URL a secret or bound its life: S3 and R2 (`X-Amz-*`), GCS (`X-Goog-*`, and `Signature` of V2), Azure (`sig`),
 * CloudFront (`Signature`, `Key-Pair-Id`, `Policy`, `Expires`), Cloudflare's own token check (`verify`), and the plain `token`.
 */
const NAMES = new Set([
  ...["signature", "sig", "token", "verify", "policy", "key-pair-id", "expires", "expiry", "exp"],
]);
const PREFIXES = ["x-amz-", "x-goog-"];
/** The name of our own signature, which is a size or a style elsewhere: it tells nothing about a foreign URL, but its value is kept secret. */
const OWN = "s";
/** A shorter value is no secret, and its replacement would take apart other words. */
const SECRET_MIN_CHARS = 8;

function isSigning(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMES.has(lower) || PREFIXES.some((prefix) => lower.startsWith(prefix));
}

/** Whether a URL carries a signature or an expiry: a refusal may then mean that its time is over. */
export function isSigned(url: URL): boolean {
  return [...url.searchParams.keys()].some(isSigning);
}

/** The values in a URL's query that make it work, as written and as read: they must appear in no message. Null and what is no URL have none. */
export function secretsOf(url: string | null): string[] {
  if (url === null || !URL.canParse(url)) return [];
  const { search, searchParams } = new URL(url);
  const written = search
    .slice(1)
    .split("&")
    .map((pair): [string, string] => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]);
  const values = [...searchParams, ...written].flatMap(([name, value]) =>
    name === OWN || isSigning(name) ? [value] : [],
  );
  return [...new Set(values)].filter((value) => value.length >= SECRET_MIN_CHARS);
}
