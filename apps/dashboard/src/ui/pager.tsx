import { navigate, placeState } from "../lib/router.ts";

interface PagerProps {
  /** What is paged: "jobs". */
  what: string;
  /** The page shown; null: the first. */
  cursor: string | null;
  /** Null: this is the last page. */
  next: string | null;
  /** Whether a button leads to the first page at once. */
  toNewest?: boolean;
  /** The list is not at the top of its page, so that turning one leaves the scroll alone. */
  isBelow?: boolean;
  urlOf(cursor: string | null): string;
}

/** Keyset pages: forward by the server's cursor, back by what the history entry remembers. Nothing where one page is all. */
export function Pager({ what, cursor, next, toNewest, isBelow, urlOf }: PagerProps) {
  const back = placeState().back ?? [];
  const go = (to: string | null, trail: string[]) => {
    navigate(urlOf(to), { state: { back: trail } });
    if (!isBelow) scrollTo(0, 0);
  };
  if (!next && !cursor) return null;
  return (
    <nav class="row pager" aria-label={`Pages of ${what}`}>
      {toNewest && (
        <button type="button" disabled={!cursor} onClick={() => go(null, [])}>
          Newest
        </button>
      )}
      <button type="button" disabled={!cursor} onClick={() => go(back.at(-1) || null, back.slice(0, -1))}>
        Newer
      </button>
      <button type="button" disabled={!next} onClick={() => go(next, [...back, cursor ?? ""])}>
        Older
      </button>
    </nav>
  );
}
