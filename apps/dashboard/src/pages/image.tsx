import type { Image, Variant } from "@prewarm/control-schema/images";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, size } from "../lib/format.ts";
import { OPEN, STATES } from "../lib/job-filter.ts";
import { focusMain, navigate, place } from "../lib/router.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { LongName } from "../ui/long-name.tsx";
import { View } from "../ui/view.tsx";
import { ImageActs } from "./image-acts.tsx";
import { ImageFacts } from "./image-facts.tsx";
import { ImageMatrix } from "./image-matrix.tsx";
import { ImageStage } from "./image-stage.tsx";
import { RemovedImage } from "./removed-image.tsx";

/** One image with its receipt, where it is removed. */
async function load(id: string, cursor: string | undefined, signal: AbortSignal) {
  const params = { id };
  const image = await ask("GET /api/v1/images/{id}", { params, query: cursor ? { cursor } : {}, signal });
  const removal = image.removal && (await ask("GET /api/v1/images/{id}/removal", { params, signal }));
  return { image, removal };
}

/** One image: its original under a slider, its variants by bytes, and what an operator asks of it; or its removal. */
export function ImagePage({ id }: { id: string }) {
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  const resource = useResource(`${id}|${cursor ?? ""}`, (signal) => load(id, cursor, signal), 3000);
  const { pathname } = place.value;
  const changed = () => {
    // A dialog tells its end late, when another page may be here already.
    if (place.peek().pathname === pathname) navigate(pathname, { replace: true });
    void resource.refresh();
  };
  const data = resource.data.value;
  useFocusOfFace(data && data.removal !== null);
  const next = data?.image.nextCursor ?? null;
  return (
    <View resource={resource} what="this image" whole={id}>
      {({ image, removal }) =>
        removal !== null ? (
          <>
            <Head id={id}>
              <b>Removed</b> and blocked
            </Head>
            <RemovedImage removal={removal} changed={changed} />
          </>
        ) : (
          <>
            <Head id={id}>{summary(image)}</Head>
            <Body image={image} changed={changed} />
            {(next || cursors.length > 0) && (
              <nav class="row pager" aria-label="Pages of variants">
                <button type="button" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
                  Back
                </button>
                <button type="button" disabled={!next} onClick={() => next && setCursors([...cursors, next])}>
                  More
                </button>
              </nav>
            )}
          </>
        )
      }
    </View>
  );
}

/**
 * A removal, and its end, replace the page and the button that had the focus: the focus goes to the page. `isRemoved`:
 * null while the page loads.
 */
function useFocusOfFace(isRemoved: boolean | null): void {
  const before = useRef(isRemoved);
  useEffect(() => {
    if (before.current !== null && before.current !== isRemoved) focusMain();
    before.current = isRemoved;
  }, [isRemoved]);
}

/** More bytes of an id are no headline: its folders fold, and the whole stands behind a word. */
const ID_SHOWN_BYTES = 80;

/** The file's name as the headline, its folders above, and `children` as the sentence below. */
function Head({ id, children }: { id: string; children: ComponentChildren }) {
  const bytes = new TextEncoder().encode(id).length;
  const isLong = bytes > ID_SHOWN_BYTES;
  const folders = id.split("/");
  const name = folders.pop() || id;
  const shown = isLong && folders.length > 1 ? [folders[0], `${folders.length - 1} more folders`] : folders;
  return (
    <header class="page-head stack">
      <p class="crumbs muted small-text">
        <a href="/images">Images</a> / <bdi class="break">{shown.map((one) => `${one} / `).join("")}</bdi>
      </p>
      <div class="row">
        <h1>
          <LongName text={name} />
        </h1>
        <CopyButton class="small" text={id} what="The id">
          Copy id
        </CopyButton>
      </div>
      <p class="muted num">{children}</p>
      {isLong && (
        <details class="small-text">
          <summary>Whole id, {count(bytes)} bytes</summary>
          <pre class="break">{id}</pre>
        </details>
      )}
    </header>
  );
}

function summary({ variants }: Image) {
  const stored = variants.filter(({ state }) => state === "stored");
  const bytes = stored.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  const others = STATES.filter((state) => state !== "stored")
    .map((state) => [variants.filter((one) => one.state === state).length, state] as const)
    .filter(([number]) => number > 0);
  return (
    <>
      <b>
        {variants.length === 0 ? "Nothing stored yet" : `${count(stored.length)} of ${count(variants.length)} stored`}
      </b>
      {stored.length > 0 && `, ${size(bytes)} in R2`}
      {others.map(([number, state]) => ` · ${count(number)} ${state}`).join("")}
    </>
  );
}

/** Which version is shown where an image has several: the one that was announced last, else the one that was stored last. */
function versionOf({ v, variants }: Image): string | null {
  if (variants.length === 0 || variants.some((one) => one.v === v)) return v;
  return variants.toSorted((a, b) => (b.storedAt ?? 0) - (a.storedAt ?? 0))[0]?.v ?? null;
}

/** By the dry run: what the recipe lacks changes with what is stored or ordered, and not while a job goes on. */
function useLack(image: Image, recipe: string, v: string | null) {
  const there = image.variants.filter(({ state }) => state === "stored" || OPEN.some((open) => open === state));
  const item = { id: image.id, recipe, ...(v === null ? {} : { v }) };
  return useResource(
    `${image.id}|${recipe}|${v}|${there.length}|${image.purging}`,
    async (signal) => {
      if (!may("warm")) return null;
      const answer = await ask("POST /api/v1/warm", { query: { dryRun: "1" }, body: { items: [item] }, signal });
      return "dryRun" in answer ? answer : null;
    },
    null,
  );
}

function Body({ image, changed }: { image: Image; changed(): void }) {
  const [version, setVersion] = useState<string | null | undefined>(undefined);
  const [recipe, setRecipe] = useState("upload");
  const [chosen, setChosen] = useState<string | null>(null);
  const [hovered, setHovered] = useState<string | null>(null);
  const [isAiming, setAiming] = useState(false);
  const v = version === undefined ? versionOf(image) : version;
  const lack = useLack(image, recipe, v);
  const versions = [...new Set(image.variants.map((one) => one.v))];
  const variants = image.variants.filter((one) => one.v === v);
  const missing = (lack.data.value?.missing ?? []).map(({ transform }) => transform);
  const shown = hovered ?? chosen ?? firstShown(variants)?.transform ?? null;
  return (
    <div class="image-page">
      <ImageStage
        image={image}
        variants={variants}
        shown={shown}
        isAiming={isAiming}
        changed={changed}
        close={() => setAiming(false)}
      />
      <div>
        {versions.length > 1 && (
          <fieldset class="segments" aria-label="Version">
            {versions.map((one) => (
              <button key={one} type="button" class="small" aria-pressed={one === v} onClick={() => setVersion(one)}>
                {one === null ? "without v" : `v=${one}`}
              </button>
            ))}
          </fieldset>
        )}
        <ImageMatrix
          variants={variants}
          missing={missing}
          originalBytes={image.originalBytes}
          chosen={shown === hovered ? (chosen ?? null) : shown}
          choose={(transform) => {
            setAiming(false);
            setChosen(transform);
          }}
          hover={setHovered}
        />
        <ImageFacts image={image} variants={variants} v={v} aim={() => setAiming(true)} />
      </div>
      <ImageActs image={image} v={v} lack={lack} recipe={recipe} setRecipe={setRecipe} changed={changed} />
    </div>
  );
}

/** What lies over the original before a choice: the largest picture, whose loss is seen best. */
function firstShown(variants: readonly Variant[]): Variant | null {
  const stored = variants.filter(({ state }) => state === "stored");
  return stored.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0) || (a.bytes ?? 0) - (b.bytes ?? 0))[0] ?? null;
}
