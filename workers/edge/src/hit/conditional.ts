/** The facts that the conditions of a request are compared with. */
export interface Facts {
  /** Strong and quoted. */
  etag: string;
  /** An HTTP date, as it goes into `Last-Modified`. */
  lastModified: string;
  /** In bytes; null when not known, and then no range is served. */
  size: number | null;
}

export type Decision =
  | { kind: "whole" }
  | { kind: "not-modified" }
  /** Both ends counted in bytes from 0, inclusive. */
  | { kind: "part"; start: number; end: number }
  | { kind: "unsatisfiable" };

const WHOLE: Decision = { kind: "whole" };

/**
 * Evaluates If-None-Match, If-Modified-Since, Range and If-Range in the order of RFC 9110 §13.2.2. The edge does this
 * instead of R2 and the cache, so that both answer alike, and a whole copy goes into the cache when a viewer asks for a
 * part.
 */
export function decide(headers: Headers, method: string, facts: Facts): Decision {
  const ifNoneMatch = headers.get("If-None-Match");
  if (ifNoneMatch !== null ? matchesAny(ifNoneMatch, facts.etag) : isUnmodified(headers, facts))
    return { kind: "not-modified" };
  const range = method === "GET" ? headers.get("Range") : null;
  if (range === null || facts.size === null || !rangeHolds(headers.get("If-Range"), facts)) return WHOLE;
  return readRange(range, facts.size);
}

/** Weak comparison (RFC 9110 §8.8.3.2) against `*` or a list. */
function matchesAny(header: string, etag: string): boolean {
  if (header.trim() === "*") return true;
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => opaque(tag) === opaque(etag));
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

function isUnmodified(headers: Headers, { lastModified }: Facts): boolean {
  // A date that is absent or unreadable compares false, so it is ignored.
  return Date.parse(lastModified) <= Date.parse(headers.get("If-Modified-Since") ?? "");
}

/** If-Range: strong comparison, so a weak tag never holds; a date must equal `Last-Modified`. */
function rangeHolds(ifRange: string | null, { etag, lastModified }: Facts): boolean {
  if (ifRange === null) return true;
  const validator = ifRange.trim();
  return validator === etag || validator === lastModified;
}

/** In characters. One range needs 37 at most. */
const RANGE_MAX = 64;

/** Reads one range. Several ranges, another unit and a malformed range mean the whole, which RFC 9110 §14.2 allows. */
function readRange(header: string, size: number): Decision {
  if (header.length > RANGE_MAX) return WHOLE;
  const listed = /^bytes\s*=(.*)$/i.exec(header.trim())?.[1] ?? "";
  const members = listed.split(",").filter((member) => member.trim() !== "");
  if (members.length !== 1) return WHOLE;
  const parts = /^(\d{0,15})\s*-\s*(\d{0,15})$/.exec(members[0]?.trim() ?? "");
  const first = parts?.[1] ?? "";
  const last = parts?.[2] ?? "";
  if (first === "" && last === "") return WHOLE;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? { kind: "unsatisfiable" } : { kind: "part", start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= size) return { kind: "unsatisfiable" };
  return { kind: "part", start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}
