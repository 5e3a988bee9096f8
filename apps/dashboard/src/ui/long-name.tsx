/** More letters are cut in the middle. */
const LETTERS_MAX = 40;
/** Letters of the end that stay: the part of a file's name that tells it from others. */
const END = 16;

/** A name on one line, cut in its middle where it is long; whole to hover and to read aloud. */
export function LongName({ text }: { text: string }) {
  if (text.length <= LETTERS_MAX) return <bdi class="break">{text}</bdi>;
  const letters = [...text];
  return (
    <span class="long-name" title={text}>
      <bdi aria-hidden="true">{letters.slice(0, -END).join("")}</bdi>
      <bdi aria-hidden="true">{letters.slice(-END).join("")}</bdi>
      <span class="visually-hidden">{text}</span>
    </span>
  );
}
