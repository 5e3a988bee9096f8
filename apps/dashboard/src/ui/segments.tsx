interface SegmentsProps<T extends string> {
  label: string;
  /** Values and their words. */
  of: readonly (readonly [value: T, words: string])[];
  chosen: T;
  choose(value: T): void;
}

/** Buttons in a row, of which one is chosen. */
export function Segments<T extends string>({ label, of, chosen, choose }: SegmentsProps<T>) {
  return (
    <fieldset class="segments" aria-label={label}>
      {of.map(([value, words]) => (
        <button key={value} type="button" class="small" aria-pressed={value === chosen} onClick={() => choose(value)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}
