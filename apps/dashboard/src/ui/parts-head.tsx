import type { ComponentChildren } from "preact";
import { PARTS } from "../lib/nav.ts";
import { place } from "../lib/router.ts";

/** The heading of a page that has several parts, the way to each of them, and what belongs to the part that is shown. */
export function PartsHead({ title, children }: { title: keyof typeof PARTS; children?: ComponentChildren }) {
  const here = place.value.pathname;
  return (
    <header class="page-head">
      <h1>{title}</h1>
      <nav class="segments" aria-label={`Parts of ${title}`}>
        {PARTS[title]?.map(([href, name]) => (
          <a key={href} class="button small" href={href} aria-current={href === here ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <span class="grow" />
      {children}
    </header>
  );
}
