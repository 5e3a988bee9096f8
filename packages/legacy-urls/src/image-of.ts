import type { Config, SourceUrl } from "@prewarm/shared/config";
import { checkId, parseId } from "@prewarm/shared/image-id";
import { idFromKey } from "@prewarm/shared/source";

/** The site's own rule from the service's name of an image (a public id, a path, a remote URL) to the id. Null: it names none. */
export type NameImage = (name: string) => string | null;

/** A name that stands in a path, percent-encoded, as an id; null when it is none. */
export function idOfPath(path: string): string | null {
  try {
    return parseId(path.replace(/^\/{1,16}/, ""));
  } catch {
    return null;
  }
}

/** Whether the site's own rule gave an id. */
export function isId(id: string): boolean {
  try {
    checkId(id);
    return true;
  } catch {
    return false;
  }
}

/** The text without percent-encoding, or as it is when that is malformed. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The id of the image at an address. A remote address is one of the site's originals, or of the site itself (`hosts`); a path is the site's.
 * Null for any other: the edge is no proxy for everybody's pictures.
 */
export function idOfAddress(address: string, hosts: readonly string[], config: Config): string | null {
  const whole = address.startsWith("//") ? `https:${address}` : address;
  if (!/^[a-z][a-z0-9+.-]{0,15}:/i.test(whole)) return idOfPath(whole.split(/[?#]/, 1)[0] ?? "");
  const remote = URL.parse(whole);
  if (remote === null) return null;
  const path = idOfPath(remote.pathname);
  if (path === null) return null;
  const sources = config.sources.filter((source) => "url" in source && originOf(source.url) === remote.origin);
  return (
    (sources.length > 0 ? idFromKey({ ...config, sources }, path) : null) ?? (hosts.includes(remote.host) ? path : null)
  );
}

/** Of a function nothing is known before it is called. */
function originOf(template: SourceUrl): string | null {
  if (typeof template === "function") return null;
  return URL.parse(template.split("{id}", 1)[0] ?? "")?.origin ?? null;
}
