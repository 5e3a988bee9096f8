import { signal } from "@preact/signals";

/** Where we are: path and query, as the address bar has them. */
export const place = signal(new URL(location.href));

/** Kept with a history entry: what Back, and a reload, restore. */
interface PlaceState {
  /** The cursors of the pages before, because the server only names the next page. */
  back?: string[];
  /** How far it was scrolled, and the row that had the focus. */
  scroll?: number;
  row?: string | null;
  /** The ticked rows. */
  ticked?: string[];
  /** A pasted text that is too long for the address. */
  text?: string;
}

export function placeState(): PlaceState {
  return (history.state as PlaceState | null) ?? {};
}

/** Adds to what this history entry keeps. */
export function keep(more: PlaceState): void {
  history.replaceState({ ...placeState(), ...more }, "");
}

/** Goes to a path of this site. `replace` is for a filter that changes while the user types: it adds no history entry. */
export function navigate(to: string, options: { replace?: boolean; state?: PlaceState } = {}): void {
  if (!options.replace) remember();
  const change = options.replace ? "replaceState" : "pushState";
  const moved = new URL(to, location.origin).pathname !== place.peek().pathname;
  history[change](options.state ?? null, "", to);
  place.value = new URL(location.href);
  if (moved) {
    scrollTo(0, 0);
    focusMain();
  }
}

/** Where the focus goes when what had it is gone. */
export function focusMain(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Writes down where the operator was on this page, for the way back. */
function remember(): void {
  const row = document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset.row ?? null;
  keep({ scroll: scrollY, row });
}

/** For so long the rows may take to come, in ms; whoever scrolls or types meanwhile is left where they are. */
const RESTORE_MS = 10_000;

/** Scrolls to where the operator was, once the page is as tall again; rows come with an answer, so that it waits for them. */
function restore({ scroll = 0, row = null }: PlaceState): void {
  const until = performance.now() + RESTORE_MS;
  const moved = new AbortController();
  for (const touch of ["wheel", "keydown", "pointerdown", "popstate"])
    addEventListener(touch, () => moved.abort(), { signal: moved.signal, capture: true });
  scrollTo(0, scroll);
  focusMain();
  const tryIt = () => {
    if (moved.signal.aborted) return;
    const found = row === null ? null : document.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"] a`);
    const isTall = document.documentElement.scrollHeight >= scroll + innerHeight;
    if (performance.now() < until && ((row !== null && found === null) || !isTall)) {
      requestAnimationFrame(tryIt);
      return;
    }
    moved.abort();
    scrollTo(0, scroll);
    found?.focus({ preventScroll: true });
  };
  requestAnimationFrame(tryIt);
}

/** Follows the back button, and clicks on links of ours that a browser would open in this tab. */
export function startRouter(): void {
  history.scrollRestoration = "manual";
  if (placeState().scroll !== undefined) restore(placeState());
  addEventListener("pagehide", remember);
  addEventListener("popstate", () => {
    place.value = new URL(location.href);
    restore(placeState());
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
      link.pathname.startsWith("/api/") ||
      link.pathname === "/readyz"
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
