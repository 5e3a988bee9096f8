import { useEffect, useMemo, useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { askedIn, isElsewhere, searchPlace } from "../lib/any-url.ts";
import { count, plural, size } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { navigate, place, placeState } from "../lib/router.ts";
import { Segments } from "../ui/segments.tsx";
import { Thumb } from "../ui/thumb.tsx";
import { Empty, View } from "../ui/view.tsx";
import { NoImage } from "./no-image.tsx";
import { Pictures } from "./pictures.tsx";

const SORTS = [
  ["latest", "Latest"],
  ["largest", "Largest"],
  ["failed", "Most failed"],
  ["cost", "Most jobs"],
] as const;
type Sort = (typeof SORTS)[number][0];

/** Images by what was stored last, by size, by failures; the way to any by its id; and of any text with addresses, what their viewers get. */
export function ImagesPage() {
  const query = place.value.searchParams;
  const [sort] = SORTS.find(([name]) => name === query.get("sort")) ?? SORTS[0];
  const search = query.get("search") ?? placeState().text ?? "";
  const asked = useMemo(() => askedIn(search), [search]);
  const go = (text: string, by: Sort) => {
    const [url, state] = searchPlace(text, by);
    navigate(url, { replace: true, ...(state ? { state } : {}) });
  };
  const isList = asked.length === 0 && !isElsewhere(search) && !search.trimStart().startsWith("<");
  return (
    <>
      <header class="page-head">
        <h1>Images</h1>
        <span class="grow" />
        {isList && <Segments label="Order" of={SORTS} chosen={sort} choose={(by) => go(search, by)} />}
      </header>
      <Search search={search} go={(text) => go(text, sort)} />
      {asked.length > 0 && <Pictures all={asked} />}
      {isList && <ImageList sort={sort} search={search} />}
      {asked.length === 0 && !isList && <NoImage text={search} />}
    </>
  );
}

function Search({ search, go }: { search: string; go(text: string): void }) {
  const [text, setText] = useState(search);
  useEffect(() => setText(search), [search]);
  const submit = () => go(text.trim());
  const asked = askedIn(text);
  const id =
    asked.length === 0 ? text.trim() : new Set(asked.map((one) => one.id)).size === 1 ? asked[0]?.id : undefined;
  return (
    <search class="card">
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <label class="stack field grow">
          Image id or a part of it; or image URLs, a srcset, a page's HTML or a sitemap: what viewers get of each
          <textarea
            rows={/\n/.test(text) ? 4 : 1}
            spellcheck={false}
            value={text}
            placeholder="photos/2026/boat"
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey) return;
              event.preventDefault();
              submit();
            }}
          />
        </label>
        <button type="submit" class="primary">
          {asked.length > 0 ? "Check" : "Search"}
        </button>
        {id !== undefined && /^[^<].*[^/]$/.test(id) && !isElsewhere(id) && (
          <a class="button" href={imageUrl(id)}>
            Show
          </a>
        )}
      </form>
    </search>
  );
}

function ImageList({ sort, search }: { sort: Sort; search: string }) {
  const resource = useResource(
    `${sort}|${search}`,
    (signal) => ask("GET /api/v1/images", { query: { sort, search: search.slice(0, 200), limit: 120 }, signal }),
    5000,
  );
  return (
    <View resource={resource} what="images">
      {({ images }) =>
        images.length === 0 ? (
          <Empty title="No recent images">
            Images appear here once a variant is stored or has failed. For an older image, enter its full id and choose
            Show.
          </Empty>
        ) : (
          <ul class="sheet">
            {images.map((image) => (
              <li key={image.id} data-row={image.id}>
                <a href={imageUrl(image.id)} class="break small-text">
                  <Thumb id={image.id} />
                  {image.id}
                </a>
                <p class="muted small-text">
                  {count(image.stored)} stored, {size(image.bytes)}
                  {sort === "cost" && <b> · {plural(image.jobs, "job")}</b>}
                  {image.failed > 0 && <b> · {count(image.failed)} failed</b>}
                </p>
              </li>
            ))}
          </ul>
        )
      }
    </View>
  );
}
