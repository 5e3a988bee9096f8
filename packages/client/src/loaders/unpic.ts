import { type ClientOptions, readOptions } from "../public-config.ts";
import { loaderUrl } from "./modifiers.ts";

export type { ClientOptions } from "../public-config.ts";

export interface Operations {
  width?: number | string | undefined;
  height?: number | string | undefined;
  quality?: number | string | undefined;
  format?: string | undefined;
  fit?: string | undefined;
}

/**
 * A function for the `transformer` of `@unpic/react/base` and its sisters. unpic asks for both sides of a box and crops
 * by CSS, so the URL is of the whole picture, which uploads warm. `operations: { fit: "cover" }` lets the edge crop.
 */
export function createTransformer(options: ClientOptions): (src: string | URL, operations: Operations) => string {
  const settings = readOptions(options);
  return (src, operations) => loaderUrl(settings, String(src), { ...operations, crop: operations.fit === "cover" });
}

/** The widths that uploads warm, for `breakpoints`. Each call makes a list, because unpic sorts it in place. */
export function breakpoints(options: ClientOptions): number[] {
  return [...readOptions(options).pages.widths];
}
