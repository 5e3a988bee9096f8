import { notify } from "./toast.tsx";

interface CopyButtonProps {
  text: string;
  children: string;
  /** What the toast says is copied. */
  what: string;
  class?: string;
}

/** Copies text. On plain http a browser denies the clipboard, so there it copies through a selection. */
export function CopyButton({ text, children, what, ...rest }: CopyButtonProps) {
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    notify(done || copySelected(text) ? `${what} copied.` : "This browser does not let the page copy.", false);
  };
  return (
    <button {...rest} type="button" onClick={() => void copy()}>
      {children}
    </button>
  );
}

function copySelected(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
