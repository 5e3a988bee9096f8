/** The page's title, and bars in place of what it shows, while that is on its way. */
export function Skeleton({ what, title }: { what: string; title?: string | undefined }) {
  return (
    <>
      {title !== undefined && (
        <header class="page-head">
          <h1 class="break">{title}</h1>
        </header>
      )}
      <div class="stack skeleton" role="status">
        <span class="visually-hidden">Loading {what}…</span>
        {Array.from({ length: 8 }, (_, at) => (
          <i key={at} />
        ))}
      </div>
    </>
  );
}
