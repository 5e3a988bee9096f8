import type { ComponentChildren, JSX } from "preact";

interface TextFieldProps {
  label: ComponentChildren;
  value: string;
  set(text: string): void;
  /** What else the input takes; `class` goes to the label, and a number field has `type`. */
  [more: string]: unknown;
}

/** A line of text, or a number, under its label. */
export function TextField({ label, value, set, class: own = "", children, ...more }: TextFieldProps) {
  return (
    <label class={`stack field ${own}`}>
      <span>{label}</span>
      <input
        type="text"
        autocomplete="off"
        {...more}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {children as ComponentChildren}
    </label>
  );
}

interface CheckProps extends Pick<JSX.IntrinsicElements["input"], "aria-label"> {
  checked: boolean;
  set(isChecked: boolean): void;
  children: ComponentChildren;
}

/** A box to tick, before its words. */
export function Check({ checked, set, children, ...rest }: CheckProps) {
  return (
    <label class="check row">
      <input type="checkbox" {...rest} checked={checked} onChange={(event) => set(event.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}

/** Asks for a word before an act that cannot be taken back. */
export function TypedWord({ word, typed, set }: { word: string; typed: string; set(text: string): void }) {
  const label = (
    <>
      Type <b class="mono">{word}</b> to confirm
    </>
  );
  return <TextField label={label} value={typed} set={set} spellcheck={false} />;
}
