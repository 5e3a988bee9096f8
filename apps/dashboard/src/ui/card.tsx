import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface CardProps {
  title: ComponentChildren;
  /** On the title's line, at its end. */
  beside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

/** A part of a page under its own heading, which names it for readers too. */
export function Card({ title, beside, children, ...rest }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${rest.class ?? ""}`} aria-labelledby={id}>
      <header class="row spread">
        <h2 id={id} class="break">
          {title}
        </h2>
        {beside}
      </header>
      {children}
    </section>
  );
}
