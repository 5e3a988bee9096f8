/*
 * What a page is as of its rewriting depends on the site's page, on the configuration and on what is stored. The ETag says so: it is weak, and
 * carries a mark of the configuration and the hour. A browser's copy of another configuration or hour is not confirmed by the site's 304.
 */

const HOUR_MS = 3_600_000;
const MARK = /\.prewarm-([\da-z]+)"/g;

/** The mark of this hour, in milliseconds since 1970, under this configuration. */
export function markOf(configuration: string, now: number): string {
  return `${configuration}${Math.floor(now / HOUR_MS).toString(36)}`;
}

export function markedTag(etag: string, mark: string): string {
  return `W/${etag.replace(/^W\//, "").replace(/"$/, `.prewarm-${mark}"`)}`;
}

/**
 * The request as the site knows its tags. A copy with another mark is out of date, whatever the site says: its conditions are taken out.
 * `isMarked`: the browser has a copy with this mark.
 */
export function unmarked(request: Request, mark: string): { request: Request; isMarked: boolean } {
  const tags = request.headers.get("if-none-match") ?? "";
  const marks = [...tags.matchAll(MARK)].map(([, found]) => found);
  if (marks.length === 0) return { request, isMarked: false };
  const headers = new Headers(request.headers);
  const isMarked = marks.every((found) => found === mark);
  headers.delete("if-modified-since");
  if (isMarked) headers.set("if-none-match", tags.replaceAll(MARK, '"'));
  else headers.delete("if-none-match");
  return { request: new Request(request, { headers }), isMarked };
}
