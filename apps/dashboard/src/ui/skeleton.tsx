/** What a page looks like before its answer: rows of a list, cards, or the two columns of one thing. */
export type Shape = "list" | "cards" | "detail";

const PARTS: Record<Shape, number> = { list: 8, cards: 3, detail: 4 };

/** The page's title and shape while what it shows is on its way. */
export function Skeleton({ what, shape, title }: { what: string; shape: Shape; title?: string | undefined }) {
  return (
    <>
      {title !== undefined && (
        <header class="page-head">
          <h1 class="break">{title}</h1>
        </header>
      )}
      <div class="skeleton" data-shape={shape} role="status">
        <span class="visually-hidden">Loading {what}…</span>
        {Array.from({ length: PARTS[shape] }, (_, at) => (
          <i key={at} />
        ))}
      </div>
    </>
  );
}
