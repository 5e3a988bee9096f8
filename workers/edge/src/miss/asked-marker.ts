import type { EdgeCache } from "../bindings.ts";
import { LAST_WINDOW_MS, type Memo, REMEMBER_MS } from "./asked-lately.ts";

/** What the isolates of one data centre tell each other through its cache. */
export type AskedMarker = Pick<Memo, "asked" | "silentUntil">;

/** Longest life of a marker, in ms. A marker is written on a miss only, so whatever was stored longer ago than this has none left. */
export const MARKER_LIFE_MS = LAST_WINDOW_MS + REMEMBER_MS;

const ASKED = "Prewarm-Asked";
const SILENT_UNTIL = "Prewarm-Silent-Until";

function markerUrl(origin: string, key: string): string {
  return `${origin}/.asked/${key}`;
}

export async function readAsked(cache: EdgeCache, origin: string, key: string): Promise<AskedMarker | null> {
  const found = await cache.match(markerUrl(origin, key));
  const asked = Number(found?.headers.get(ASKED) ?? Number.NaN);
  const silentUntil = Number(found?.headers.get(SILENT_UNTIL) ?? Number.NaN);
  return asked > 0 && silentUntil > 0 ? { asked, silentUntil } : null;
}

export async function putAsked(
  cache: EdgeCache,
  origin: string,
  key: string,
  marker: AskedMarker,
  now: number,
): Promise<void> {
  const seconds = Math.ceil((marker.silentUntil + REMEMBER_MS - now) / 1000);
  const headers = {
    [ASKED]: String(marker.asked),
    [SILENT_UNTIL]: String(marker.silentUntil),
    "Cache-Control": `max-age=${seconds}`,
  };
  await cache.put(markerUrl(origin, key), new Response("asked", { headers }));
}

export async function deleteAsked(cache: EdgeCache, origin: string, key: string): Promise<void> {
  await cache.delete(markerUrl(origin, key));
}
