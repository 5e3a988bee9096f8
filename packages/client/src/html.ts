import { attrs } from "./attributes.ts";
import { isId } from "./image-url.ts";
import type { ImageInfo } from "./info.ts";
import { sourceOf } from "./loaders/modifiers.ts";
import { type ClientOptions, type ImageRef, readOptions, refOf } from "./public-config.ts";

/** What is known of an image, as `info` and `POST /api/v1/info` tell it. */
export type KnownImage = Pick<ImageInfo, "id" | "width" | "height" | "lqip" | "widths" | "version">;

export interface HtmlOptions extends ClientOptions {
  /** Paths of the site below which its images lie, such as `/uploads/`; what follows is the id. */
  from: string;
  /** Whether the tiny picture stands behind the image, by an inline style, which a policy may forbid. Default: no. */
  placeholder?: boolean;
}

/** An attribute of an `<img>` as it stands in the page, decoded; null: it has none of this name. */
export type Attribute = (name: string) => string | null;

/** The rules of rewriting `<img>` elements, for whatever reads the page. */
export interface Html {
  /** The image that an `<img>` shows; null: it is to stay as it is. */
  refOf(attribute: Attribute): ImageRef | null;
  /**
   * The attributes to write; null: nothing of the image is stored, so it is to stay as it is. `place`: of the image among those of the page
   * that are rewritten, from 0.
   */
  attributesOf(
    ref: ImageRef,
    attribute: Attribute,
    place: number,
    known: KnownImage | undefined,
  ): Record<string, string> | null;
}

/** Attributes that lazy loaders and template languages have filled: a script decides what is shown. */
const BY_SCRIPT = ["srcset", "data-src", "data-srcset", "data-original", "crossorigin"];

export function createHtml(options: HtmlOptions): Html {
  const settings = readOptions(options);
  return {
    refOf(attribute) {
      const src = attribute("src")?.trim() ?? "";
      if (BY_SCRIPT.some((name) => attribute(name) !== null) || !src.startsWith(options.from)) return null;
      // `ver` is what WordPress adds; any other query makes it another resource.
      const query = [...new URLSearchParams(src.split("#")[0]?.split("?")[1]).keys()];
      if (src.includes("#") || query.some((name) => !["v", "ver"].includes(name))) return null;
      const found = (options.source ?? ((text) => sourceOf(settings, text)))(src.slice(options.from.length));
      return found && isId(refOf(found).id) ? refOf(found) : null;
    },
    attributesOf(ref, attribute, place, known) {
      const widths = known?.widths.filter((px) => settings.pages.widths.includes(px)) ?? [];
      if (!known || !widths.length || (ref.v && ref.v !== known.version)) return null;
      const side = (name: string) => Number(attribute(name)) || undefined;
      const [width, height] = [side("width"), side("height")];
      const { loading, sizes, src, srcset, style, ...found } = attrs(
        settings,
        { ...known, id: ref.id, ...(known.version && { v: known.version }) },
        {
          ...{ widths, priority: !place, placeholder: options.placeholder, sizes: attribute("sizes") ?? undefined },
          // One side of two: the other follows from the original's shape.
          ...(width || height
            ? { width: width ?? Math.round((Number(height) * known.width) / known.height), height }
            : {}),
        },
      );
      const written: Record<string, string | number | undefined> = {
        width: found.width,
        height: found.height,
        // The second image is seen at once on most pages.
        loading: place > 1 ? loading : undefined,
        fetchpriority: found.fetchpriority,
        style: attribute("style") === null ? style : undefined,
      };
      const isLazy = (attribute("loading") ?? written.loading) === "lazy";
      const list = Object.entries(written).filter(([name, value]) => value && attribute(name) === null);
      const box = attribute("sizes") === null && sizes ? { sizes: isLazy ? sizes : sizes.replace("auto, ", "") } : {};
      const rest = Object.fromEntries(list.map(([name, value]) => [name, `${value}`]));
      return { src, ...(srcset ? { srcset, ...box } : {}), ...rest };
    },
  };
}
