import type { ImageRef } from "../public-config.ts";

/**
 * An image of Sanity as its image builder takes it: a reference, an asset or its `_id`, or a field with one of them.
 */
export type SanitySource =
  | string
  | { _ref: string }
  | { _id: string }
  | { asset: SanitySource | null | undefined }
  | null
  | undefined;

/** `image-<asset>-<width>x<height>-<extension>`, by which Sanity names an asset by its bytes. */
const ASSET = /^image-([\w]+)-(\d+)x(\d+)-(\w+)$/;

/**
 * The ref of an image of Sanity: the name of its file in the dataset as the id, and its size. Null: the source names no
 * image. The name changes with the bytes, so the ref needs no version. `prefix`: of the id, if the site has other
 * sources too.
 */
export function sanityRef(source: SanitySource, prefix = ""): (ImageRef & { width: number; height: number }) | null {
  if (source === null || source === undefined) return null;
  if (typeof source === "object" && "asset" in source) return sanityRef(source.asset, prefix);
  const name = typeof source === "string" ? source : "_ref" in source ? source._ref : source._id;
  const [, asset, width, height, extension] = ASSET.exec(name) ?? [];
  if (asset === undefined) return null;
  return { id: `${prefix}${asset}-${width}x${height}.${extension}`, width: Number(width), height: Number(height) };
}
