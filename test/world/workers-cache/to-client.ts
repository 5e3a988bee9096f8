import { ageOf, type Copy } from "./copy.ts";

/** Cloudflare keeps these to itself. */
const HIDDEN = ["Cache-Tag", "Cloudflare-CDN-Cache-Control"];

/** The platform's word for how an answer came about, as in `Cf-Cache-Status`. */
export type CacheStatus = "HIT" | "MISS" | "EXPIRED" | "REVALIDATED" | "UPDATING" | "STALE" | "BYPASS" | "DYNAMIC";

/** An answer out of the cache: conditions and ranges are the cache's to answer, HEAD has no body. */
export function fromCopy(copy: Copy, request: Request, how: CacheStatus, now: number): Response {
  const headers = plain(copy.headers, how);
  if (how !== "MISS") headers.set("Age", String(Math.floor(ageOf(copy, now) / 1_000)));
  const { status } = copy;
  if (status === 200 && isKnown(request.headers, copy.headers)) return new Response(null, { status: 304, headers });
  const { body } = copy;
  headers.set("Content-Length", String(body.byteLength));
  if (request.method === "HEAD") return new Response(null, { status, headers });
  const part = status === 200 ? rangeOf(request.headers, copy.headers, body.byteLength) : null;
  if (part === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${body.byteLength}`);
    headers.delete("Content-Length");
    return new Response(null, { status: 416, headers });
  }
  if (part === null) return new Response(canHaveBody(status) ? body.slice(0) : null, { status, headers });
  const [start, end] = part;
  headers.set("Content-Range", `bytes ${start}-${end}/${body.byteLength}`);
  headers.set("Content-Length", String(end - start + 1));
  return new Response(body.slice(start, end + 1), { status: 206, headers });
}

/** An answer that is not kept goes to its client as it is. */
export function passedOn(
  { status, headers }: Response,
  body: ArrayBuffer,
  isHead: boolean,
  how: CacheStatus,
): Response {
  return new Response(isHead || !canHaveBody(status) ? null : body, { status, headers: plain(headers, how) });
}

function plain(from: Headers, how: CacheStatus): Headers {
  const headers = new Headers(from);
  for (const name of HIDDEN) headers.delete(name);
  headers.set("Cf-Cache-Status", how);
  return headers;
}

function canHaveBody(status: number): boolean {
  return ![101, 204, 205, 304].includes(status);
}

/** Tags are compared weakly (RFC 9110, 13.1.2). */
function isKnown(asked: Headers, kept: Headers): boolean {
  const tags = asked.get("If-None-Match");
  const bare = (tag: string) => tag.trim().replace(/^W\//, "");
  if (tags !== null)
    return (
      tags.trim() === "*" ||
      tags
        .split(",")
        .map(bare)
        .includes(bare(kept.get("ETag") ?? ""))
    );
  const since = Date.parse(asked.get("If-Modified-Since") ?? "");
  return Date.parse(kept.get("Last-Modified") ?? "") <= since;
}

/** One range of bytes. Null: all of them. */
function rangeOf(asked: Headers, kept: Headers, size: number): [start: number, end: number] | "unsatisfiable" | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(asked.get("Range")?.trim() ?? "");
  const condition = asked.get("If-Range");
  const isSame = condition === null || [kept.get("ETag"), kept.get("Last-Modified")].includes(condition);
  if (found === null || !isSame) return null;
  const [first = "", last = ""] = found.slice(1);
  if (first === "" && last === "") return null;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(size - 1, Number(last));
  return start >= size || start > end ? "unsatisfiable" : [start, end];
}
