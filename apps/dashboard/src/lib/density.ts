import { signal } from "@preact/signals";

const KEPT = "prewarm.density";

/** Whether a row of a list takes one line only. */
export const isDense = signal(localStorage.getItem(KEPT) === "dense");

export function toggleDensity(): void {
  isDense.value = !isDense.value;
  localStorage.setItem(KEPT, isDense.value ? "dense" : "roomy");
}

/** Keeps `<html data-density>` in step; the tables depend on it. */
export function startDensity(): void {
  isDense.subscribe((dense) => {
    document.documentElement.dataset.density = dense ? "dense" : "roomy";
  });
}
