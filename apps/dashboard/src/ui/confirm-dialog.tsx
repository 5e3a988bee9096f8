import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { errorOf } from "../lib/error-of.ts";
import { Dialog } from "./dialog.tsx";
import { TypedWord } from "./fields.tsx";
import { notify } from "./toast.tsx";

interface ConfirmDialogProps {
  title: string;
  /** What must be typed; default: a click is enough. */
  word?: string;
  verb: string;
  act(): Promise<string>;
  onClose(): void;
  children: ComponentChildren;
}

/** Says what an act does, and asks before it, for it cannot be taken back. */
export function ConfirmDialog({ title, word, verb, act, onClose, children }: ConfirmDialogProps) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const run = async () => {
    try {
      notify(await act());
      onClose();
    } catch (reason) {
      setError(errorOf(reason).message);
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
        {word !== undefined && <TypedWord word={word} typed={typed} set={setTyped} />}
        {error && (
          <p class="strip bad" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="danger" disabled={word !== undefined && typed !== word}>
          {verb}
        </button>
      </form>
    </Dialog>
  );
}

interface AskButtonProps extends Omit<ConfirmDialogProps, "onClose"> {
  /** The button's own words. */
  name: string;
  class?: string;
  /** Called when the dialog closes, whatever was chosen. */
  closed?(): void;
}

/** A button whose act is asked about in a dialog. */
export function AskButton({ name, closed, class: own, ...dialog }: AskButtonProps) {
  const [isAsking, setAsking] = useState(false);
  const close = () => {
    setAsking(false);
    closed?.();
  };
  return (
    <>
      <button type="button" class={own} onClick={() => setAsking(true)}>
        {name}
      </button>
      {isAsking && <ConfirmDialog {...dialog} onClose={close} />}
    </>
  );
}
