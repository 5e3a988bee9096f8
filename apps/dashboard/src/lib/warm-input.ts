import type { RawBody } from "@prewarm/control-schema/calls";
import type { WarmItem, WarmRequest } from "@prewarm/control-schema/warm";
import { imagesIn, isElsewhere, type NamedImage } from "./any-url.ts";

/** What an operator asks to warm, as the form has it. */
export interface WarmInput {
  /** Pasted ids, one a line, or text with addresses of images; ignored when there is a file. */
  ids: string;
  file: File | null;
  recipe: string;
  /** Transforms, one a line or separated by spaces; they replace the recipe. Pasted ids only. */
  transforms: string;
  label: string;
  force: boolean;
  onlyMissing: boolean;
}

type WarmQuery = { label?: string; force?: "1"; onlyMissing?: "1"; recipe?: string };

/** The most ids that may be pasted; their JSON stays far below the 16 MB that the API takes. */
export const PASTE_MAX = 20_000;

/**
 * The images of a text, each once: an id a line, or the images whose addresses the line has. Of markup (a page, a sitemap) and of other
 * addresses on the web only images count.
 */
export function readImages(text: string): NamedImage[] {
  if (text.trimStart().startsWith("<")) return imagesIn(text);
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const images = lines.filter(Boolean).flatMap((line) => {
    const named = imagesIn(line);
    return named.length > 0 || isElsewhere(line) ? named : [{ id: line, v: null }];
  });
  return [...new Map(images.map((image) => [`${image.v} ${image.id}`, image])).values()];
}

/** The request of an input, or null when it names no image. A file goes as it is, in the type its name says. */
export function toRequest(input: WarmInput): { body: WarmRequest | RawBody; query: WarmQuery } | null {
  const options = { ...(input.label.trim() ? { label: input.label.trim() } : {}) };
  if (input.file) {
    const flags = {
      ...(input.force ? { force: "1" as const } : {}),
      ...(input.onlyMissing ? { onlyMissing: "1" as const } : {}),
    };
    const recipe = input.recipe.trim() ? { recipe: input.recipe.trim() } : {};
    const json = typeOfFile(input.file.name) === "application/json";
    return {
      body: { contentType: typeOfFile(input.file.name), data: input.file },
      query: json ? {} : { ...options, ...flags, ...recipe },
    };
  }
  const images = readImages(input.ids);
  if (images.length === 0) return null;
  const shared = whatToMake(input);
  const items: WarmItem[] = images.map(({ id, v }) => ({ id, ...(v === null ? {} : { v }), ...shared }));
  return { body: { items, ...options, force: input.force, onlyMissing: input.onlyMissing }, query: {} };
}

function whatToMake(input: WarmInput): Partial<WarmItem> {
  const transforms = input.transforms.split(/\s+/).filter(Boolean);
  if (transforms.length > 0) return { transforms };
  return input.recipe.trim() ? { recipe: input.recipe.trim() } : {};
}

/** The content type, by the file's extension. A plain list goes as NDJSON, because the server takes a bare id on each line. */
export function typeOfFile(name: string): string {
  if (/\.csv$/i.test(name)) return "text/csv";
  return /\.json$/i.test(name) ? "application/json" : "application/x-ndjson";
}
