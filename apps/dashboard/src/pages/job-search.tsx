import { parseSearch, printSearch, unknownQualifiers } from "@prewarm/shared/job-search";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { imagesIn } from "../lib/any-url.ts";
import { filterUrl, type JobFilter } from "../lib/job-filter.ts";
import { suggestions } from "../lib/query.ts";
import { navigate } from "../lib/router.ts";

const PAUSE_MS = 300;

/** The search box. Below it stands what it understood; each word there can be removed. */
export function JobSearch({ filter }: { filter: JobFilter }) {
  const [text, setText] = useState(filter.search);
  const id = useId();
  // What this box itself asked for last: when the address says just that, what was typed since is newer.
  const sent = useRef(filter.search);
  const go = (search: string) => {
    sent.current = searchFor(search);
    if (sent.current !== search.trim()) setText(sent.current);
    navigate(filterUrl({ ...filter, search: sent.current, cursor: null }), { replace: true });
  };
  useEffect(() => {
    if (filter.search === sent.current) return;
    sent.current = filter.search;
    setText(filter.search);
  }, [filter.search]);
  // Only typing starts a search
  useEffect(() => {
    if (text.trim() === filter.search) return;
    const timer = setTimeout(() => go(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <search class="stack">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go(text);
        }}
      >
        <input
          type="search"
          aria-label="Search jobs"
          placeholder="id:photo format:avif error:upstream_failed age:>1h attempts:>3, or part of a key (press /)"
          list={id}
          maxLength={500}
          spellcheck={false}
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <datalist id={id}>
          {suggestions(text).map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </form>
      <Chips filter={filter} />
    </search>
  );
}

/** An address means the jobs of its image, for no job has the address in its key. */
function searchFor(text: string): string {
  const [image] = imagesIn(text);
  return image === undefined ? text.trim() : printSearch([{ qualifier: "id", value: image.id }]);
}

function Chips({ filter }: { filter: JobFilter }) {
  const terms = parseSearch(filter.search);
  const odd = unknownQualifiers(filter.search);
  if (terms.length === 0 && !filter.run) return null;
  return (
    <div class="row">
      {filter.run && <Chip text={`run ${filter.run}`} to={filterUrl({ ...filter, run: null, cursor: null })} />}
      {terms.map((term, index) => (
        <Chip
          key={printSearch([term])}
          text={term.qualifier ? `${term.qualifier}: ${term.value}` : `“${term.value}”`}
          to={filterUrl({ ...filter, search: printSearch(terms.filter((_, other) => other !== index)), cursor: null })}
        />
      ))}
      {odd.length > 0 && (
        <span class="muted">{odd.join(", ")} is not a filter. Put quotes around text with a colon.</span>
      )}
    </div>
  );
}

function Chip({ text, to }: { text: string; to: string }) {
  return (
    <a class="pill break" href={to} aria-label={`Remove ${text}`}>
      {text} <span aria-hidden="true">✕</span>
    </a>
  );
}
