/* Addresses of this page, as text. */

/** The address of an image's page. Its `/` stay: what serves the page would decode them, and a reload would ask for another address. */
export function imageUrl(id: string): string {
  return `/images/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** A stored variant of an image as it is, or a small one of them. From the edge it would count as a view. */
export function pictureUrl(id: string, key?: string): string {
  return `/api/v1/thumbs/${encodeURIComponent(id)}${key === undefined ? "" : `?key=${encodeURIComponent(key)}`}`;
}

/** Whether a browser can show the picture of an address: one of the web, or of this page. */
export function isShowable(url: string | null): url is string {
  return url !== null && /^(?:https?:|\/api\/)/.test(url);
}

/** `/jobs/{job}` against a path: its parts decoded, or null. A part is one segment; `{id...}` is the rest of the path. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const rest = /^(.*\/)\{(\w+)\.\.\.\}$/.exec(pattern);
  if (rest !== null) {
    const [, before = "", name = ""] = rest;
    const text = path.startsWith(before) ? path.slice(before.length).split("/").map(decodeOnce) : [];
    return text.length === 0 || text.includes(null) || text[0] === "" ? null : { [name]: text.join("/") };
  }
  const [wanted, given] = [pattern.split("/"), path.replace(/(.)\/$/, "$1").split("/")];
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (!name && part !== text) return null;
    const decoded = name ? decodeOnce(text) : text;
    if (decoded === null || (name && decoded === "")) return null;
    if (name) found[name] = decoded;
  }
  return found;
}

function decodeOnce(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
