import { computed, signal } from "@preact/signals";

const KEPT = "prewarm.live";

/** The operator's switch; kept between visits. */
export const liveSwitch = signal(localStorage.getItem(KEPT) !== "off");
const attended = signal(document.visibilityState === "visible");

/** Whether anything polls: the switch is on, and somebody looks. */
export const live = computed(() => liveSwitch.value && attended.value);

/** Ticks once a second while somebody looks, for relative times. Unix ms. */
export const clock = signal(Date.now());

export function setLive(on: boolean): void {
  localStorage.setItem(KEPT, on ? "on" : "off");
  liveSwitch.value = on;
}

/** Polling stops when the window loses the focus or the tab is hidden, so that an unattended window costs the ledger nothing. */
export function watchAttention(): void {
  const look = (here: boolean) => () => {
    attended.value = here && document.visibilityState === "visible";
    clock.value = Date.now();
  };
  addEventListener("focus", look(true));
  addEventListener("blur", look(false));
  document.addEventListener("visibilitychange", () => look(document.hasFocus())());
  setInterval(() => {
    if (document.visibilityState === "visible") clock.value = Date.now();
  }, 1000);
}
