import { type Asked, hide, newAsked } from "./asked.ts";

/*
 * What hides a picture in a query, in the words of imgix. The address of an image that another service fetches may have such a query too.
 */

/** A parameter as it is without the base64url that a `64` behind its name announces. */
export function plain([name, value]: [string, string]): [string, string] {
  if (!/^[a-z-]{1,20}64$/.test(name)) return [name, value];
  try {
    return [name.slice(0, -2), atob(value.replaceAll("-", "+").replaceAll("_", "/"))];
  } catch {
    return [name.slice(0, -2), value];
  }
}

/** Whether a plain parameter blurs, covers, cuts out or replaces a part of the picture, or gives data in its place. */
export function hides(name: string, value: string): boolean {
  if (/^(blur|px|htn|bg-remove)$/.test(name)) return !/^(0|false|)$/.test(value);
  // These two cut corners off; every other mask is a picture.
  if (name === "mask") return !/^(corners|ellipse)$/.test(value);
  // What stands behind a hyphen (`mark-align`) does nothing without the parameter itself.
  return /^(mark|txt|blend|bg-replace|object-removal-rect|palette)$/.test(name);
}

/** The image `id` in its own size, as it is at `address`: what the query there hides stays hidden. Null stays null. */
export function askedAt(id: string | null, address: string): Asked | null {
  if (id === null) return null;
  const asked = newAsked(id);
  for (const [name, value] of [...(URL.parse(address, "https://site.invalid")?.searchParams ?? [])].map(plain))
    if (hides(name, value)) hide(asked, name);
  return asked;
}
