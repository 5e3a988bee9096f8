import { type Caching, cachingOf } from "../../../dev/limits/caching.ts";

/** An answer of the Worker as a cache keeps it. */
export interface Copy {
  status: number;
  headers: Headers;
  body: ArrayBuffer;
  caching: Caching;
  /** When the Worker was asked, when it answered, and when the answer stood in a cache, Unix ms; on its way there: infinite. */
  askedAt: number;
  answeredAt: number;
  landedAt: number;
  /** The request's values of the headers that the answer varies by. */
  varied: readonly (readonly [name: string, value: string | null])[];
  tags: ReadonlySet<string>;
  path: string;
  /** It counts as stale, whatever its age. */
  invalidated: boolean;
}

export interface Answered {
  response: Response;
  body: ArrayBuffer;
  askedAt: number;
  answeredAt: number;
}

/** Null: the cache keeps nothing of this answer. A 304 confirms the copy that was held, and its fields replace the copy's (RFC 9111, 4.3.4). */
export function copyFrom(request: Request, answer: Answered, held: Copy | null): Copy | null {
  const { response } = answer;
  if (response.status !== 304 || held === null) return copyOf(request, response, answer);
  const headers = new Headers(held.headers);
  response.headers.forEach((value, name) => void headers.set(name, value));
  return copyOf(request, { status: held.status, headers }, { ...answer, body: held.body });
}

function copyOf(
  request: Request,
  { status, headers }: Pick<Response, "status" | "headers">,
  { body, askedAt, answeredAt }: Omit<Answered, "response">,
): Copy | null {
  const caching = cachingOf({ status, headers }, request.headers);
  if (typeof caching === "string") return null;
  const varied = listOf(headers.get("Vary")).map((name) => [name, request.headers.get(name)] as const);
  // Tags are compared without case (developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags).
  const tags = new Set(listOf(headers.get("Cache-Tag")).map((tag) => tag.toLowerCase()));
  const { pathname: path } = new URL(request.url);
  const times = { askedAt, answeredAt, landedAt: Number.POSITIVE_INFINITY };
  return { status, headers: new Headers(headers), body, caching, ...times, varied, tags, path, invalidated: false };
}

/** Values are compared as written. */
export function suits({ varied }: Copy, asked: Headers): boolean {
  return varied.every(([name, value]) => asked.get(name) === value);
}

/** How old the answer is, ms. */
export function ageOf({ answeredAt }: Copy, now: number): number {
  return now - answeredAt;
}

export function isFresh(copy: Copy, now: number): boolean {
  return !copy.invalidated && ageOf(copy, now) < copy.caching.seconds * 1_000;
}

/** Whether it may be served `seconds` after it was fresh. One that was invalidated is stale from its answer on, so the time counts from there. */
export function maybeStale(copy: Copy, seconds: number, now: number): boolean {
  const freshMs = copy.invalidated ? 0 : copy.caching.seconds * 1_000;
  return ageOf(copy, now) < freshMs + seconds * 1_000;
}

function listOf(field: string | null): string[] {
  return (field ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
