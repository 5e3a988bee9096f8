import { computed, signal } from "@preact/signals";

const KEPT = "prewarm.live";

/** The operator's switch; kept between visits. */
export const liveSwitch = signal(localStorage.getItem(KEPT) !== "off");
const attended = signal(document.visibilityState === "visible");

/** Whether anything polls: the switch is on, and somebody looks. */
export const live = computed(() => liveSwitch.value && attended.value);

/** Ticks once a second while somebody looks, by this browser's clock. Unix ms. */
export const browserClock = signal(Date.now());

/** How far the server's clock is ahead of this browser's, ms. */
const ahead = signal(0);

/** The same by the server's clock, for ages of what the server tells the time of. Unix ms. */
export const clock = computed(() => browserClock.value + ahead.value);

/** A smaller difference is the time that an answer takes, in ms. */
const SAME_MS = 2_000;

/** `at`: the server's time, as an answer that has just come tells it. */
export function noteServerTime(at: number): void {
  const difference = at - Date.now();
  ahead.value = Math.abs(difference) < SAME_MS ? 0 : difference;
}

export function setLive(on: boolean): void {
  localStorage.setItem(KEPT, on ? "on" : "off");
  liveSwitch.value = on;
}

/** How often the numbers that every page polls have changed. */
export const news = signal(0);

/** How often somebody has used the page: moved, pressed, typed or scrolled. */
export const used = signal(0);
/** Of what is used without a pause only so much counts, in ms. */
const USED_EVERY_MS = 3_000;

function watchUse(): void {
  let last = 0;
  const note = () => {
    const now = Date.now();
    if (now - last < USED_EVERY_MS) return;
    last = now;
    used.value += 1;
  };
  for (const event of ["pointermove", "pointerdown", "keydown", "scroll"])
    addEventListener(event, note, { passive: true, capture: true });
}

/** Polling stops when the window loses the focus or the tab is hidden, so that an unattended window costs the ledger nothing. */
export function watchAttention(): void {
  const look = (here: boolean) => () => {
    attended.value = here && document.visibilityState === "visible";
    browserClock.value = Date.now();
  };
  watchUse();
  addEventListener("focus", look(true));
  addEventListener("blur", look(false));
  document.addEventListener("visibilitychange", () => look(document.hasFocus())());
  setInterval(() => {
    if (document.visibilityState === "visible") browserClock.value = Date.now();
  }, 1000);
}
