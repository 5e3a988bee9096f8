import { autoChoices, madeFormats } from "@prewarm/shared/accept";
import type { Config, Format, Quality } from "@prewarm/shared/config";
import { expandTransforms, formatTransform, parseTransform, type Transform } from "@prewarm/shared/transform";
import { uploadRecipe } from "@prewarm/shared/upload-recipe";

/** What old URLs may become. */
export interface Offer {
  config: Config;
  /** Canonical queries of all that uploads make; null: whatever needs no signature is offered. */
  made: ReadonlySet<string> | null;
  /** In px, ascending. */
  widths: readonly number[];
  /** Of whole pictures. */
  qualities: readonly Quality[];
  formats: readonly (Format | "auto")[];
  /** The ratios of crops, and the ladder, whose top bounds their heights. */
  shapes: Pick<Config, "ladder" | "ratios">;
}

/** All that needs no signature: any width of the ladder in any format. */
export function openOffer(config: Config): Offer {
  const { ladder, qualities, formats } = config;
  return { config, made: null, widths: ladder, qualities, formats: [...formats, "auto"], shapes: config };
}

const offers = new WeakMap<Config, Offer>();

/** What uploads make, which is what pages ask for; made once per configuration. */
export function uploadOffer(config: Config): Offer {
  const known = offers.get(config);
  if (known !== undefined) return known;
  const { pages, ladder } = config;
  const specs = uploadRecipe(config);
  const offer: Offer = {
    config,
    made: new Set(specs.flatMap((spec) => expandTransforms(spec, config).map(formatTransform))),
    widths: pages.widths,
    qualities: pages.qualities,
    formats: pages.formats.flatMap((format) => (format === "auto" ? [format, ...madeFormats(config)] : [format])),
    shapes: { ladder, ratios: pages.ratios },
  };
  offers.set(config, offer);
  return offer;
}

/**
 * The transform of a query without `f`, such as `w=800&q=high`; null where it is not offered. The rule is the edge's own: with `auto` the
 * query must need no signature in whatever format a browser gets, and uploads must make what they make of `f=auto`.
 */
export function offered(query: string, format: Format | "auto", { config, made }: Offer): Transform | null {
  const isMade = (transform: Transform): boolean => made?.has(formatTransform(transform)) ?? true;
  if (!expandTransforms(`${query}&f=${format}`, config).every(isMade)) return null;
  const formats = format === "auto" ? autoChoices(config) : [format];
  const all = formats.map((each) => parseTransform(`${query}&f=${each}`, config));
  return all.every(({ closed }) => closed) ? (all[0]?.transform ?? null) : null;
}
