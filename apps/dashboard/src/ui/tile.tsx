import type { ComponentChildren } from "preact";

/** One number of a page under its name. */
export function Tile({
  name,
  value,
  children,
}: {
  name: string;
  value: ComponentChildren;
  children?: ComponentChildren;
}) {
  return (
    <div class="card tile">
      <h2 class="muted small-text">{name}</h2>
      <p class="title strong num">{value}</p>
      {children}
    </div>
  );
}
