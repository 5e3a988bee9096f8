import type { Format } from "./config.ts";

/*
 * `f=auto` serves the smallest stored format that the client shows, and a hit reads one object. So each object says which
 * formats of its picture are smaller. The edge reads the object of the client's first format, and a second object only
 * where the first one names a smaller format that the client shows.
 */

/**
 * What each stored format of one picture says: the formats after it in `order` with fewer bytes, the smallest first. `sizes` in bytes. Formats
 * before it need no mention: a client that shows them has one of them as its first format.
 */
export function smallerFormats(sizes: ReadonlyMap<Format, number>, order: readonly Format[]): Map<Format, Format[]> {
  const stored = order.filter((format) => sizes.has(format));
  const size = (format: Format) => sizes.get(format) ?? 0;
  return new Map(
    stored.map((format, at) => [
      format,
      stored
        .slice(at + 1)
        .filter((other) => size(other) < size(format))
        .toSorted((a, b) => size(a) - size(b)),
    ]),
  );
}
