import { useState } from "preact/hooks";
import { recipes } from "../api/session.ts";
import { count, size } from "../lib/format.ts";
import { PASTE_MAX, readImages, type WarmInput } from "../lib/warm-input.ts";
import { Check, TextField } from "../ui/fields.tsx";

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
      <TextField
        label="Label"
        maxLength={200}
        placeholder="Autumn catalogue"
        value={input.label}
        set={(label) => change({ label })}
      />
      <Check checked={input.onlyMissing} set={(onlyMissing) => change({ onlyMissing, force: false })}>
        Only variants that are not stored
      </Check>
      <Check checked={input.force} set={(force) => change({ force, onlyMissing: false })}>
        Make stored variants again
      </Check>
    </section>
  );
}

function WhatToMake({ input, change }: WarmFieldsProps) {
  return (
    <div class="row">
      <label class="stack field">
        Recipe
        <select
          value={input.recipe}
          disabled={input.transforms.trim() !== ""}
          onChange={(event) => change({ recipe: event.currentTarget.value })}
        >
          {recipes.value.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <TextField
        label="or transforms"
        class="grow"
        placeholder="w=800&f=webp p=card"
        spellcheck={false}
        disabled={input.file !== null}
        value={input.transforms}
        set={(transforms) => change({ transforms })}
      />
    </div>
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
      class="stack drop"
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
      <label class="stack field">
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
      <label class="stack field">
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
    <div class="stack drop">
      <p>
        <b class="break">{file.name}</b> <span class="muted num">{size(file.size)}</span>
      </p>
      <button type="button" onClick={clear}>
        Choose another file
      </button>
    </div>
  );
}
