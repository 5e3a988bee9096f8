import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { notify } from "./toast.tsx";

interface ConfirmDialogProps {
  title: string;
  /** What must be typed; null: a click is enough. */
  word: string | null;
  verb: string;
  /** It can be taken back. Default: it cannot, and the button looks so. */
  isSafe?: boolean;
  act(): Promise<string>;
  onClose(): void;
  children: ComponentChildren;
}

/** Says what an act does, and asks before it. */
export function ConfirmDialog({ title, word, verb, isSafe = false, act, onClose, children }: ConfirmDialogProps) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const run = async () => {
    try {
      notify(await act());
      onClose();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        {children}
        {word !== null && (
          <label class="field">
            <span>
              Type <b class="mono">{word}</b> to confirm
            </span>
            <input
              type="text"
              autocomplete="off"
              spellcheck={false}
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
        )}
        {error && (
          <p class="strip bad" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class={isSafe ? "primary" : "danger"} disabled={word !== null && typed !== word}>
          {verb}
        </button>
      </form>
    </Dialog>
  );
}
