import type { Variant } from "@prewarm/control-schema/images";
import { percent, size } from "../lib/format.ts";
import { type Block, type Cell, matrixOf, type Sheet, stepOf, widthOf } from "../lib/matrix.ts";
import { transformWords } from "../lib/transform-words.ts";
import { Card } from "../ui/card.tsx";
import { ScrollBox } from "../ui/scroll-box.tsx";

interface MatrixProps {
  variants: readonly Variant[];
  /** Transforms that the chosen recipe wants and nobody has made. */
  missing: readonly string[];
  originalBytes: number | null;
  /** The transform that lies over the original. */
  chosen: string | null;
  choose(transform: string): void;
  hover(transform: string | null): void;
}

/** What a cell says in place of bytes. */
export const STATE_WORDS: Record<Variant["state"] | "missing", string> = {
  queued: "waiting",
  processing: "being made",
  retrying: "tried again",
  stored: "",
  dead: "✕ failed",
  refused: "✕ refused",
  cancelled: "cancelled",
  missing: "not made",
};
const KEYS = [
  ["processing", "being made"],
  ["queued", "waits, or is tried again"],
  ["dead", "failed: choose it for the reason"],
  ["missing", "in the recipe, not made"],
] as const;
const STEPS = ["0.5", "1", "2", "4", "8", "more"];

/** Widths and crops × formats by bytes; choosing a cell lays it over the original. */
export function ImageMatrix(props: MatrixProps) {
  const { scaled, other } = matrixOf(props.variants, props.missing);
  const isEmpty = scaled.columns.length + other.columns.length === 0;
  return (
    <Card
      title="Variants by bytes"
      beside={!isEmpty && <span class="muted small-text">Choose one to lay it over the original</span>}
    >
      {isEmpty && <p class="muted">None is stored or ordered. A view, an upload hook or Warm makes the first.</p>}
      <Cells label="Bytes by width and format" sheet={scaled} {...props} />
      <div class="row">
        <Cells label="Bytes by crop and format" sheet={other} {...props} />
        <Legend {...props} />
      </div>
    </Card>
  );
}

function Cells({ label, sheet, ...props }: MatrixProps & { label: string; sheet: Sheet }) {
  if (sheet.columns.length === 0) return null;
  return (
    <ScrollBox label={label}>
      <div class="cells num" style={{ "--columns": sheet.columns.length, "--rows": sheet.rows.length }}>
        {sheet.columns.map((column, at) => (
          <span key={column} class="muted small-text" style={{ "--column": at + 2, "--row": 1 }}>
            {column}
          </span>
        ))}
        {sheet.rows.map(({ format, blocks }, at) => [
          <span key={format} class="muted small-text" style={{ "--column": 1, "--row": at + 2 }}>
            {format}
          </span>,
          ...blocks.map((block) => (
            <BlockCell
              key={`${format} ${block.from}`}
              block={block}
              format={format}
              {...props}
              row={at + 2}
              isFirstGap={block === blocks.find(({ cells }) => cells.length === 0)}
            />
          )),
        ])}
      </div>
    </ScrollBox>
  );
}

type CellProps = Omit<MatrixProps, "missing"> & {
  block: Block;
  row: number;
  format: string;
  /** It says what a gap of its row means. */
  isFirstGap: boolean;
};

function BlockCell({ block, row, format, isFirstGap, ...props }: CellProps) {
  const place = { "--column": block.from + 2, "--row": row, "--span": block.span };
  const [first] = block.cells;
  if (first === undefined)
    return (
      <span class="gap muted small-text" style={place}>
        <span class={isFirstGap ? "" : "visually-hidden"}>when asked</span>
      </span>
    );
  const { chosen, choose, hover, originalBytes, variants } = props;
  const { transform, variant } = first;
  const state = variant?.state ?? "missing";
  const bytes = variant?.bytes ?? null;
  const step = bytes === null || originalBytes === null ? null : stepOf(bytes, originalBytes);
  const said = block.span > 1 ? `${block.span} ${variant === null ? "not made" : "wait"}` : wordsOf(first);
  return (
    <button
      type="button"
      class="cell"
      data-state={state}
      data-deep={step !== null && step > 4}
      aria-pressed={chosen === transform}
      style={step === null ? place : { ...place, "--heat": `var(--heat-${step})` }}
      onClick={() => choose(transform)}
      onMouseEnter={() => hover(transform)}
      onMouseLeave={() => hover(null)}
    >
      <span class="visually-hidden">{block.span > 1 ? `${format}, ` : `${transformWords(transform)}: `}</span>
      <span>{said}</span>
      {bytes !== null && <span class="small-text">{noteOf(first, variants, originalBytes)}</span>}
    </button>
  );
}

function wordsOf({ variant }: Cell): string {
  if (variant === null) return STATE_WORDS.missing;
  return variant.state === "stored" ? size(variant.bytes) : STATE_WORDS[variant.state];
}

/** Below a stored variant's bytes: what is odd about them, else their share of the original. */
function noteOf({ variant }: Cell, all: readonly Variant[], originalBytes: number | null) {
  const { bytes, format, width, transform, state } = variant as Variant;
  if (state !== "stored") return `old: ${size(bytes)}`;
  if (originalBytes !== null && bytes !== null && bytes > originalBytes)
    return (
      <>
        larger <span class="visually-hidden">than the original</span>
      </>
    );
  const twin = all
    .filter((one) => one.format === format && one.bytes === bytes && one.width === width && one.state === "stored")
    .find((one) => widthOf(one.transform) > 0 && widthOf(one.transform) < widthOf(transform));
  if (twin !== undefined) return `same as ${widthOf(twin.transform)} px`;
  return originalBytes === null || bytes === null ? "" : percent(bytes / originalBytes);
}

/** What colours and shapes mean, of those that are there. */
function Legend({ variants, missing, originalBytes }: MatrixProps) {
  const states = new Set<string>([...variants.map(({ state }) => state), ...(missing.length > 0 ? ["missing"] : [])]);
  const has = (key: string) =>
    states.has(key) || (key === "dead" && states.has("refused")) || (key === "queued" && states.has("retrying"));
  const isShaded = variants.some(({ bytes }) => bytes !== null) && originalBytes !== null;
  return (
    <ul class="row legend small-text muted num">
      {isShaded && <li>% of the original's {size(originalBytes)}, up to</li>}
      {isShaded &&
        STEPS.map((words, at) => (
          <li key={words}>
            <i class="cell" style={{ "--heat": `var(--heat-${at + 1})` }} aria-hidden="true" /> {words}
          </li>
        ))}
      {KEYS.filter(([key]) => has(key)).map(([key, words]) => (
        <li key={key}>
          <i class="cell" data-state={key} aria-hidden="true" /> {words}
        </li>
      ))}
    </ul>
  );
}
