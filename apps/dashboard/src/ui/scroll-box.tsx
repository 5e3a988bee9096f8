import type { ComponentChildren } from "preact";

/** A table wider than a phone scrolls by itself; the keyboard must be able to scroll it too, so it takes the focus. */
export function ScrollBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus (WCAG 2.1.1)
    <section class="table-box" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
