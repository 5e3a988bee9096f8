import { signal } from "@preact/signals";

/** An address with a name, kept in this browser. */
export interface SavedView {
  name: string;
  url: string;
}

const KEPT = "prewarm.views";
const VIEWS_MAX = 50;
export const VIEW_NAME_MAX = 60;

export const views = signal<readonly SavedView[]>([]);

/** The address that is being given a name; null: none. */
export const naming = signal<string | null>(null);

/** What was kept; anything else, as from another version, is left out. */
export function read(text: string | null): SavedView[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isView).slice(0, VIEWS_MAX) : [];
  } catch {
    return [];
  }
}

/** Only addresses of this site: `//other.example` is none. */
function isView(one: Partial<SavedView> | null): one is SavedView {
  return typeof one?.name === "string" && typeof one.url === "string" && /^\/(?!\/)/.test(one.url);
}

/** A name names one view: the older of two goes. */
export function saveView(view: SavedView): void {
  keep([...views.value.filter(({ name }) => name !== view.name), view].slice(-VIEWS_MAX));
}

export function removeView(name: string): void {
  keep(views.value.filter((one) => one.name !== name));
}

function keep(next: readonly SavedView[]): void {
  views.value = next;
  localStorage.setItem(KEPT, JSON.stringify(next));
}

/** Reads what was kept; another tab may save as well. */
export function startViews(): void {
  views.value = read(localStorage.getItem(KEPT));
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEPT) views.value = read(newValue);
  });
}
