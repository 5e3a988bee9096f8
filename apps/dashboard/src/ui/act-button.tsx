import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { notify } from "./toast.tsx";

interface ActButtonProps {
  /** Does it, and says in the past tense what was done; throws to say why not. */
  act(): Promise<string>;
  children: ComponentChildren;
  class?: string;
  disabled?: boolean;
  label?: string;
  [data: `data-${string}`]: boolean | undefined;
}

/** A write: one at a time, and its outcome told. */
export function ActButton({ act, children, label, ...rest }: ActButtonProps) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      notify(await act());
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), true);
    } finally {
      setBusy(false);
    }
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
