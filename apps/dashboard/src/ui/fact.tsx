import type { ComponentChildren } from "preact";

/** A name and what it stands for, in a list of facts (`<dl class="facts lined">`). */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt class="muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
