/* What a shared cache may do with an answer, by its headers: RFC 9111, RFC 9213 (targeted fields) and RFC 5861 (stale answers), as Cloudflare says it follows them. */

/** By their rank: the first that an answer has speaks alone (RFC 9213, 2.2; Cloudflare puts its own name first). */
const FIELDS = ["Cloudflare-CDN-Cache-Control", "CDN-Cache-Control", "Cache-Control"];
/** Seconds that Cloudflare keeps an answer by its status where none of the fields gives a time (developers.cloudflare.com/cache/how-to/configure-cache-status-code). */
const DEFAULT_SECONDS: Readonly<Record<number, number>> = {
  ...{ 200: 7_200, 301: 7_200, 302: 1_200, 303: 1_200 },
  ...{ 404: 180, 410: 180 },
};
/** A directive without a value, or one with it as a token or in quotes (RFC 9111, 5.2). */
const DIRECTIVE = /^([a-z-]+)(?:=(?:"([^"]*)"|([^\s"]*)))?$/;

/** How an answer is kept. Times in seconds. */
export interface Caching {
  /** How long it is fresh. 0: it is kept, and asked for again each time. */
  seconds: number;
  /** For how long after that it is served while it is asked for again. */
  whileRevalidate: number;
  /** For how long after that it is served in place of an error. */
  ifError: number;
}

/** What the cache does with an answer to GET; a text says why it keeps nothing. */
export function cachingOf(
  { status, headers }: Pick<Response, "status" | "headers">,
  asked: Headers = new Headers(),
): Caching | string {
  if (status === 206 || status === 304) return `${status} is a part of an answer`;
  if (headers.has("Set-Cookie")) return "it sets a cookie";
  if (headers.get("Vary")?.includes("*")) return "it varies by all";
  const said = governing(headers);
  if (said?.has("no-store") || said?.has("private")) return "no-store or private";
  if (asked.has("Authorization") && !opensAuthorized(said)) return "the request was authorized";
  const seconds = secondsOf(status, said);
  if (seconds === null) return `nothing gives ${status} a time`;
  return { seconds, ...staleTimes(said) };
}

/** Whether some field says how the answer is cached: what else happens to it is the platform's choice. */
export function saysCaching(headers: Headers): boolean {
  return governing(headers) !== null;
}

/** The directives of the field that counts. Null: the answer has none. */
function governing(headers: Headers): Map<string, string> | null {
  for (const field of FIELDS) {
    const directives = parse(headers.get(field) ?? "");
    if (directives.size > 0) return directives;
  }
  return null;
}

function parse(field: string): Map<string, string> {
  const parts = field.split(",").map((part) => DIRECTIVE.exec(part.trim().toLowerCase()));
  // Of a repeated directive the first counts (RFC 9111, 4.2.1).
  return new Map(
    parts
      .flatMap((found): [string, string][] => (found === null ? [] : [[found[1] ?? "", found[2] ?? found[3] ?? ""]]))
      .reverse(),
  );
}

/** Null: there is no such directive. A value that is no number counts as 0, the cautious reading. */
function numberOf(said: Map<string, string> | null, directive: string): number | null {
  const value = said?.get(directive);
  if (value === undefined) return null;
  return /^\d+$/.test(value) ? Number(value) : 0;
}

function secondsOf(status: number, said: Map<string, string> | null): number | null {
  if (said?.has("no-cache")) return 0;
  return numberOf(said, "s-maxage") ?? numberOf(said, "max-age") ?? DEFAULT_SECONDS[status] ?? null;
}

function staleTimes(said: Map<string, string> | null): Pick<Caching, "whileRevalidate" | "ifError"> {
  const whileRevalidate = numberOf(said, "stale-while-revalidate") ?? 0;
  const isStrict = ["must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"].some((name) => said?.has(name));
  // Cloudflare: "indefinitely" where the answer does not limit it (developers.cloudflare.com/workers/cache/configuration).
  if (!isStrict) return { whileRevalidate, ifError: numberOf(said, "stale-if-error") ?? Number.POSITIVE_INFINITY };
  return said?.has("no-cache") ? { whileRevalidate, ifError: 0 } : { whileRevalidate: 0, ifError: 0 };
}

/** RFC 9111, 3.5. */
function opensAuthorized(said: Map<string, string> | null): boolean {
  return ["public", "must-revalidate", "s-maxage"].some((name) => said?.has(name));
}
