import type { Config } from "./config.ts";
import { ratioWidths } from "./ratio.ts";
import type { Transform } from "./transform.ts";

/**
 * The variant that has the same picture as this one. Nothing is ever enlarged, so every width from the original's own up shows the same
 * pixels: one of them stands for all, the first of the pages' widths if there is one, because uploads warm that and pages ask for it.
 * `original` is in px, as a viewer sees it. What is smaller than the original, and what is no width or declared crop, stays as it is.
 */
export function samePicture(
  transform: Transform,
  original: { width: number; height: number },
  config: Pick<Config, "ladder" | "ratios" | "pages">,
): Transform {
  const { width, height, fit, pos } = transform;
  if (width === null || (height !== null && fit !== "cover")) return transform;
  const sizes =
    height === null
      ? config.ladder.map((rung) => ({ width: rung, height: null }))
      : pos === null
        ? ratioWidths({ width, height }, config)
        : [];
  const showAll = sizes.filter((size) => size.width >= original.width || (size.height ?? 0) >= original.height);
  // Only rungs and declared crops have others beside them.
  if (!showAll.some((size) => size.width === width && size.height === height)) return transform;
  const one = showAll.find((size) => config.pages.widths.includes(size.width)) ?? showAll[0];
  return one === undefined ? transform : { ...transform, ...one };
}
