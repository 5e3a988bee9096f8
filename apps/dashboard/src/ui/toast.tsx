import { signal } from "@preact/signals";
import { errorOf } from "../lib/error-of.ts";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const toasts = signal<Toast[]>([]);
const SHOWN_MS = 6000;
let last = 0;

/** Tells how an action ended. Ticking numbers are never announced; outcomes are. */
export function notify(text: string, bad = false): void {
  const toast = { id: ++last, text, bad };
  toasts.value = [...toasts.value.slice(-2), toast];
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== toast.id);
  }, SHOWN_MS);
}

/** Does it, and tells what was done or why it failed. `act` resolves with what was done, in the past tense. */
export async function tell(act: () => Promise<string>): Promise<void> {
  try {
    notify(await act());
  } catch (error) {
    notify(errorOf(error).message, true);
  }
}

export function Toasts() {
  return (
    <div class="stack toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <p key={toast.id} class={toast.bad ? "toast bad" : "toast"}>
          {toast.text}
        </p>
      ))}
    </div>
  );
}
