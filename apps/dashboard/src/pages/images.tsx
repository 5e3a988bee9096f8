import type { Image, Variant } from "@prewarm/control-schema/images";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, may, recipes } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, focalWords, size } from "../lib/format.ts";
import { STATES } from "../lib/job-filter.ts";
import { pictureUrl } from "../lib/paths.ts";
import { focusMain, navigate, place } from "../lib/router.ts";
import { transformWords } from "../lib/transform-words.ts";
import { ActButton } from "../ui/act-button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { RecipeField } from "../ui/recipe-field.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";
import { Picture } from "./compare.tsx";
import { DryRunCard } from "./dry-run-card.tsx";
import { ImageActs } from "./image-acts.tsx";
import { PurgeTimeline } from "./purge-timeline.tsx";
import { RemovedImage } from "./removed-image.tsx";
import { VariantGrid } from "./variant-grid.tsx";

/** One image with its receipt, where it is removed. */
async function load(id: string, cursor: string | undefined, signal: AbortSignal) {
  const params = { id };
  const image = await ask("GET /api/v1/images/{id}", { params, query: cursor ? { cursor } : {}, signal });
  const removal = image.removal && (await ask("GET /api/v1/images/{id}/removal", { params, signal }));
  return { image, removal };
}

/** All variants of one image, or its removal. */
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
    <View resource={resource} what="this image" whole={id} shape="detail">
      {({ image, removal }) =>
        removal !== null ? (
          <RemovedImage removal={removal} changed={changed} />
        ) : (
          <>
            <Head image={image} changed={changed} />
            {image.variants.length === 0 ? (
              <Empty title="No variant yet">
                Variants are made when a viewer asks for one, when an upload hook calls, or when you warm a recipe.
              </Empty>
            ) : (
              <>
                <VariantGrid image={image} />
                <Variants image={image} />
              </>
            )}
            {(next || cursors.length > 0) && (
              <nav class="pager" aria-label="Pages of variants">
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

function Head({ image, changed }: { image: Image; changed(): void }) {
  return (
    <>
      <header class="page-head">
        <div class="grow">
          <p class="crumbs">
            <a href="/images">Images</a> /{" "}
            <a href={`/jobs?search=${encodeURIComponent(`id:"${image.id}"`)}`}>Its jobs</a>
          </p>
          <h1 class="break">{image.id}</h1>
          <p class="muted num">
            {summary(image)}
            {image.sourceEtag && (
              <>
                {" "}
                · source <span class="mono">{image.sourceEtag}</span>
              </>
            )}
            {image.focal && ` · crops show ${focalWords(image.focal)}`}
          </p>
        </div>
      </header>
      {image.purge !== null && <PurgeTimeline purge={image.purge} />}
      {may("warm") && <WarmForm image={image} changed={changed} />}
      <ImageActs id={image.id} changed={changed} />
    </>
  );
}

function summary(image: Image): string {
  const states = STATES.map(
    (state) => [state, image.variants.filter((variant) => variant.state === state).length] as const,
  ).filter(([, number]) => number > 0);
  const bytes = image.variants.reduce(
    (sum, variant) => sum + (variant.state === "stored" ? (variant.bytes ?? 0) : 0),
    0,
  );
  return [...states.map(([state, number]) => `${count(number)} ${state}`), `${size(bytes)} stored`].join(" · ");
}

/** What making them anew would take, by a dry run. */
function Cost({ id, transforms }: { id: string; transforms: string[] }) {
  const resource = useResource(
    id,
    (signal) =>
      ask("POST /api/v1/warm", { query: { dryRun: "1" }, body: { items: [{ id, transforms }], force: true }, signal }),
    null,
  );
  return (
    <View resource={resource} what="the price">
      {(answer) => ("dryRun" in answer ? <DryRunCard asked fresh answer={answer} error={null} /> : null)}
    </View>
  );
}

function WarmForm({ image, changed }: { image: Image; changed(): void }) {
  const [recipe, setRecipe] = useState("upload");
  const [asking, setAsking] = useState(false);
  const warm = async (items: object, force: boolean) => {
    const answer = await ask("POST /api/v1/warm", {
      body: {
        items: [{ id: image.id, ...items }],
        force,
        label: force ? `make again ${image.id}`.slice(0, 200) : `warm ${image.id}`.slice(0, 200),
      },
    });
    changed();
    if (!("run" in answer)) return "Nothing was enqueued.";
    const [first] = answer.rejected;
    if (first) throw new Error(first.message);
    return `${count(answer.accepted)} enqueued, ${count(answer.existing)} stored already, ${count(answer.duplicates)} under way.`;
  };
  const transforms = [
    ...new Set(image.variants.filter((variant) => variant.v === null).map((variant) => variant.transform)),
  ].slice(0, 200);
  return (
    <div class="card row-form">
      <RecipeField recipes={recipes.value} value={recipe} choose={setRecipe} />
      <ActButton class="primary" act={() => warm({ recipe }, false)}>
        Warm
      </ActButton>
      <button type="button" onClick={() => setAsking(true)} disabled={transforms.length === 0}>
        Make all again…
      </button>
      {asking && (
        <ConfirmDialog
          title="Make all again"
          word={null}
          verb="Make all again"
          act={() => warm({ transforms }, true)}
          onClose={() => setAsking(false)}
        >
          <Cost id={image.id} transforms={transforms} />
        </ConfirmDialog>
      )}
    </div>
  );
}

function Variants({ image }: { image: Image }) {
  return (
    <ul class="variants">
      {image.originalUrl && (
        <li class="card">
          <Picture name="Original" url={image.originalUrl} bytes={image.originalBytes} />
        </li>
      )}
      {image.variants.toSorted(byWidth).map((variant) => (
        <VariantCard key={variant.key} id={image.id} variant={variant} />
      ))}
    </ul>
  );
}

/** By width as a number, then by format. */
function byWidth(a: Variant, b: Variant): number {
  const width = ({ transform }: Variant) => Number(/(?:^|&)w=(\d+)/.exec(transform)?.[1] ?? 0);
  return width(a) - width(b) || a.format.localeCompare(b.format);
}

function VariantCard({ id, variant }: { id: string; variant: Variant }) {
  const pixels = variant.width && variant.height ? `${variant.width} × ${variant.height}` : null;
  return (
    <li class="card" data-row={variant.job}>
      {variant.state === "stored" ? (
        <Picture name={variant.format} url={pictureUrl(id, variant.key)} bytes={variant.bytes} />
      ) : (
        <div class="frame">
          <p class="muted placeholder">{variant.error ? variant.error.message : "Not made yet"}</p>
        </div>
      )}
      <p>
        <a class="break" href={`/jobs/${variant.job}`} title={variant.transform}>
          {transformWords(variant.transform)}
        </a>
      </p>
      <p class="muted small-text">
        <StateBadge state={variant.state} /> {pixels} {variant.v && `version ${variant.v} `}
        {variant.storedAt !== null && <Time at={variant.storedAt} />}
      </p>
    </li>
  );
}
