import { signal } from "@preact/signals";
import { toggleDensity } from "./density.ts";
import { liveSwitch, setLive } from "./live.ts";
import { PLACES } from "./nav.ts";
import { navigate } from "./router.ts";
import { nextTheme } from "./theme.ts";

/** Every key there is; the help dialog prints this table. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "Search"],
  ["j  k", "Next row, row before"],
  ["Enter", "Open the row"],
  ["x", "Select the row; with a click on its box and Shift: the range"],
  ["r", "Retry what is selected, or the row, or the job shown"],
  ["p", "Pause and resume live updates"],
  ["t", "Theme: automatic, light, dark"],
  ["d", "Row height"],
  ["Ctrl K", "Go to any page, view, image, run or job, or do something; ⌘ K on a Mac"],
  ...PLACES.map(([, name, key]) => [`g ${key}`, `Go to ${name.toLowerCase()}`] as const),
  ["?", "This list"],
  ["Esc", "Close; leave the search"],
];

const GO = Object.fromEntries(PLACES.map(([href, , key]) => [key, href]));

export const helpOpen = signal(false);
export const paletteOpen = signal(false);

const SINGLE: Record<string, () => void> = {
  "/": () => document.querySelector<HTMLElement>("main input[type=search], main search textarea")?.focus(),
  "?": () => {
    helpOpen.value = true;
  },
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: () => focusedRow()?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click(),
  r: retry,
  p: () => setLive(!liveSwitch.value),
  t: nextTheme,
  d: toggleDensity,
};

/** Single keys, as long as nobody types and no dialog is open. Rows are whatever carries `data-row`; their first link has the focus. */
export function startKeyboard(): void {
  let afterG = false;
  document.addEventListener("keydown", (event) => {
    if (isPaletteKey(event)) {
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) paletteOpen.value = true;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isTyping(event.target)) return (event.target as HTMLElement).blur();
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const go = afterG ? GO[event.key] : undefined;
    afterG = event.key === "g" && !afterG;
    const act = go ? () => navigate(go) : SINGLE[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function isPaletteKey({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "k" && (ctrlKey || metaKey) && !altKey && !shiftKey;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target.matches("textarea, select, [contenteditable]");
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("main [data-row]")];
}

function focusedRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-row]") ?? null;
}

function moveRow(step: number): void {
  const all = rows();
  const current = focusedRow();
  const index = current ? all.indexOf(current) + step : step > 0 ? 0 : all.length - 1;
  const row = all[Math.max(0, Math.min(all.length - 1, index))];
  row?.querySelector<HTMLElement>("a")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function retry(): void {
  const button =
    document.querySelector<HTMLButtonElement>("main [data-retry-selected]") ??
    focusedRow()?.querySelector<HTMLButtonElement>("[data-retry]") ??
    document.querySelector<HTMLButtonElement>("main [data-retry-page]");
  button?.click();
}
