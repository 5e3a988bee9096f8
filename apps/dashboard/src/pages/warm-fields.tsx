import { useState } from "preact/hooks";
import { recipes } from "../api/session.ts";
import { count, size } from "../lib/format.ts";
import { PASTE_MAX, readImages, type WarmInput } from "../lib/warm-input.ts";
import { RecipeField } from "../ui/recipe-field.tsx";

interface WarmFieldsProps {
  input: WarmInput;
  change(part: Partial<WarmInput>): void;
}

export function WarmFields({ input, change }: WarmFieldsProps) {
  return (
    <section class="card" aria-label="What to warm">
      {input.file ? (
        <Dropped file={input.file} clear={() => change({ file: null })} />
      ) : (
        <Paste input={input} change={change} />
      )}
      <WhatToMake input={input} change={change} />
      <label class="field">
        Label
        <input
          type="text"
          value={input.label}
          maxLength={200}
          placeholder="Autumn catalogue"
          onInput={(event) => change({ label: event.currentTarget.value })}
        />
      </label>
      <WhatToLeaveOut input={input} change={change} />
    </section>
  );
}

function WhatToMake({ input, change }: WarmFieldsProps) {
  return (
    <div class="row-form">
      <RecipeField
        recipes={recipes.value}
        value={input.recipe}
        disabled={input.transforms.trim() !== ""}
        choose={(recipe) => change({ recipe })}
      />
      <label class="field grow">
        or transforms
        <input
          type="text"
          class="mono"
          value={input.transforms}
          placeholder="w=800&f=webp p=card"
          spellcheck={false}
          disabled={input.file !== null}
          onInput={(event) => change({ transforms: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

function WhatToLeaveOut({ input, change }: WarmFieldsProps) {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={input.onlyMissing}
          onChange={() => change({ onlyMissing: !input.onlyMissing, force: false })}
        />{" "}
        Only variants that are not stored
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={input.force}
          onChange={() => change({ force: !input.force, onlyMissing: false })}
        />{" "}
        Make stored variants again
      </label>
    </>
  );
}

const MARKUP = /\.(?:html?|xml)$/i;

function Paste({ input, change }: WarmFieldsProps) {
  const [over, setOver] = useState(false);
  const ids = readImages(input.ids);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    // A page or a sitemap is no list of ids: its addresses are read here.
    if (file && MARKUP.test(file.name)) void file.text().then((text) => change({ ids: text }));
    else if (file) change({ file, transforms: "" });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the file field within is the first
    <div
      class="drop"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <label class="field">
        <span>
          Image ids or URLs, one per line; a srcset, HTML or a sitemap works too{" "}
          {ids.length > 0 && <span class="muted num">({count(ids.length)})</span>}
        </span>
        <textarea
          rows={9}
          class="mono"
          spellcheck={false}
          value={input.ids}
          placeholder={"photos/boat\nphotos/harbour"}
          onInput={(event) => change({ ids: event.currentTarget.value })}
        />
      </label>
      {ids.length > PASTE_MAX && (
        <p class="strip warn">Drop more than {count(PASTE_MAX)} ids as a file: the page streams it.</p>
      )}
      <label class="field file">
        Or drop a file anywhere here: one id per line, CSV with a header, NDJSON, JSON, HTML or a sitemap
        <input
          type="file"
          accept=".txt,.csv,.ndjson,.jsonl,.json,.html,.htm,.xml,text/plain,text/csv"
          onChange={(event) => take(event.currentTarget.files)}
        />
      </label>
    </div>
  );
}

function Dropped({ file, clear }: { file: File; clear(): void }) {
  return (
    <div class="drop">
      <p>
        <b class="break">{file.name}</b> <span class="muted num">{size(file.size)}</span>
      </p>
      <button type="button" onClick={clear}>
        Choose another file
      </button>
    </div>
  );
}
