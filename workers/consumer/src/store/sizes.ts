import { FORMATS, type Format } from "@prewarm/shared/config";
import type { StoredInfo } from "@prewarm/shared/image-info";
import type { Transform } from "@prewarm/shared/transform";
import { parseVariantName, variantName } from "@prewarm/shared/variant-key";

/** Bytes of one picture's stored variants, by format. */
export type Sizes = ReadonlyMap<Format, number>;

/** Pictures whose sizes a note has. Chosen: some 60 bytes each, read by every miss. A recipe seldom has more. */
const PICTURES_MAX = 64;

/** A variant's name without its format, such as `800-high`: all formats of one picture have it. */
export function pictureOf(transform: Transform): string {
  return variantName(transform).replace(/\.[^.]+$/, "");
}

function isBytes(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** What a note says of these formats of one picture. A format without bytes counts as not stored. */
export function sizesOf({ sizes }: Pick<StoredInfo, "sizes">, picture: string): Map<Format, number> {
  const known: unknown = Object(sizes)[picture];
  const entries = FORMATS.map((format) => [format, Object(known)[format] as unknown] as const);
  return new Map(entries.flatMap(([format, bytes]) => (isBytes(bytes) ? [[format, bytes]] : [])));
}

/** All variants whose bytes the note tells, the original's own pictures among them. */
export function sizedVariants(info: Pick<StoredInfo, "sizes">): { transform: Transform; bytes: number }[] {
  return Object.keys(Object(info.sizes)).flatMap((picture) =>
    [...sizesOf(info, picture)].flatMap(([format, bytes]) => {
      const transform = parseVariantName(`${picture}.${format}`);
      return transform === null ? [] : [{ transform, bytes }];
    }),
  );
}

/** The note with the sizes of these variants too. The oldest pictures leave when there are too many. */
export function withSizes<I extends Pick<StoredInfo, "sizes">>(
  info: I,
  added: readonly { transform: Transform; bytes: number }[],
): I {
  const pictures = new Map(Object.keys(Object(info.sizes)).map((picture) => [picture, sizesOf(info, picture)]));
  for (const { transform, bytes } of added) {
    const picture = pictureOf(transform);
    pictures.set(picture, (pictures.get(picture) ?? new Map()).set(transform.format, bytes));
  }
  const told = [...pictures].filter(([, bytes]) => bytes.size > 0).slice(-PICTURES_MAX);
  return { ...info, sizes: Object.fromEntries(told.map(([picture, bytes]) => [picture, byFormat(bytes)])) };
}

/** In one order, so that two notes that say the same are the same text. */
function byFormat(bytes: Sizes): Partial<Record<Format, number>> {
  return Object.fromEntries(FORMATS.flatMap((format) => (bytes.has(format) ? [[format, bytes.get(format)]] : [])));
}
