import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { tell } from "./toast.tsx";

interface ActButtonProps {
  /** Does it and resolves with what was done, in the past tense. Throws an error that says why it failed. */
  act(): Promise<string>;
  children: ComponentChildren;
  class?: string;
  disabled?: boolean;
  label?: string;
  [data: `data-${string}`]: boolean | undefined;
}

/** A button that changes something: it does one thing at a time and tells the outcome. */
export function ActButton({ act, children, label, ...rest }: ActButtonProps) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await tell(act);
    setBusy(false);
  };
  return (
    <button
      {...rest}
      type="button"
      disabled={busy || rest.disabled}
      aria-busy={busy}
      aria-label={label}
      onClick={() => void run()}
    >
      {children}
    </button>
  );
}
