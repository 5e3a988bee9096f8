import { computed, signal } from "@preact/signals";

const KEPT = "prewarm.theme";
export type Theme = "auto" | "light" | "dark";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

const dark = matchMedia("(prefers-color-scheme: dark)");
const system = signal(dark.matches);
/** What the operator chose; `auto` follows the system. */
export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(KEPT)) ?? "auto");
/** What is shown. */
export const isDark = computed(() => (theme.value === "auto" ? system.value : theme.value === "dark"));

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  localStorage.setItem(KEPT, theme.value);
}

/** Keeps `<html data-theme>` in step with the theme; the colours depend on it. */
export function startTheme(): void {
  dark.addEventListener("change", (event) => {
    system.value = event.matches;
  });
  isDark.subscribe((value) => {
    document.documentElement.dataset.theme = value ? "dark" : "light";
  });
}
