import { signal } from "@preact/signals";

/** Where we are: path and query, as the address bar has them. */
export const place = signal(new URL(location.href));

/** The cursors of the pages before, kept with the history entry, because the server only names the next page. */
interface PlaceState {
  back?: string[];
}

export function placeState(): PlaceState {
  return (history.state as PlaceState | null) ?? {};
}

/** Goes to a path of this site. `replace` is for a filter that changes while the user types: it adds no history entry. */
export function navigate(to: string, options: { replace?: boolean; state?: PlaceState } = {}): void {
  const change = options.replace ? "replaceState" : "pushState";
  const moved = new URL(to, location.origin).pathname !== place.peek().pathname;
  history[change](options.state ?? null, "", to);
  place.value = new URL(location.href);
  if (moved) scrollTo(0, 0);
}

/** Follows the back button, and clicks on links of ours that a browser would open in this tab. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    place.value = new URL(location.href);
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest("a");
    if (
      !link ||
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    if (
      link.origin !== location.origin ||
      link.target ||
      link.hasAttribute("download") ||
      link.pathname.startsWith("/api/")
    )
      return;
    event.preventDefault();
    if (link.hash && link.pathname === location.pathname && link.search === location.search) {
      document.getElementById(link.hash.slice(1))?.focus();
      return;
    }
    navigate(link.pathname + link.search);
  });
}

/** `/jobs/{job}` against a path: its parts decoded, or null. A part is one segment. */
export function match(pattern: string, path: string): Record<string, string> | null {
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
