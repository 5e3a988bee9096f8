import { attrs } from "./attributes.ts";
import type { Attribute, ImagePlace } from "./html-page.ts";
import { isId } from "./image-url.ts";
import type { ImageInfo } from "./info.ts";
import { sourceOf } from "./loaders/modifiers.ts";
import { type ClientOptions, type ImageRef, readOptions, refOf } from "./public-config.ts";
import { candidates, join } from "./srcset.ts";

/** The facts of an image from `info` or `POST /api/v1/info`. */
export type KnownImage = Pick<ImageInfo, "id" | "width" | "height" | "lqip" | "widths" | "version">;

export interface HtmlOptions extends ClientOptions {
  /** The path of the site's images, such as `/uploads/`. The id follows it. */
  from: string;
  /** Shows the tiny picture behind the image by an inline style, which a policy may forbid. Default: false. */
  placeholder?: boolean;
}

/** An `<img>` that shows an image of the site. */
export interface HtmlImage extends ImagePlace {
  ref: ImageRef;
}

/** The rules of rewriting `<img>` elements. Any reader of HTML can call them. */
export interface Html {
  /** The image that an `<img>` shows; null: the element must stay as it is. */
  imageOf(attribute: Attribute, place: ImagePlace): HtmlImage | null;
  /**
   * The attributes to write; null: the element must stay as it is, such as an image without a stored variant. `style`
   * goes before the style of the element. Of the others the element has only `src`. `nth`: the place of the image among
   * the rewritten ones of the page, from 0.
   */
  attributesOf(
    image: HtmlImage,
    attribute: Attribute,
    nth: number,
    known: KnownImage | undefined,
  ): Record<string, string> | null;
}

/** Attributes of lazy loaders and template languages. A script chooses the picture of such an element. */
const BY_SCRIPT = ["srcset", "data-src", "data-srcset", "data-original", "crossorigin"];

export function createHtml(options: HtmlOptions): Html {
  const settings = readOptions(options);
  return {
    imageOf(attribute, place) {
      const src = attribute("src")?.trim() ?? "";
      if (BY_SCRIPT.some((name) => attribute(name) !== null) || !src.startsWith(options.from)) return null;
      if (place.isElsewhere && !/^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(src)) return null;
      // WordPress adds `ver`; any other query makes it another resource.
      const query = [...new URLSearchParams(src.split("#")[0]?.split("?")[1]).keys()];
      if (src.includes("#") || query.some((name) => !["v", "ver"].includes(name))) return null;
      const found = (options.source ?? ((text) => sourceOf(settings, text)))(src.slice(options.from.length));
      return found && isId(refOf(found).id) ? { ...place, ref: refOf(found) } : null;
    },
    attributesOf({ ref, hasPolicy }, attribute, nth, known) {
      const widths = known?.widths.filter((px) => settings.pages.widths.includes(px)) ?? [];
      if (!known || !widths.length || (ref.v && ref.v !== known.version)) return null;
      const shown = { ...known, id: ref.id, ...(known.version && { v: known.version }) };
      const [width, height] = [pixelsOf(attribute("width")), pixelsOf(attribute("height"))];
      const px = width ?? (height && (height * known.width) / known.height);
      // The width of the page, for eyes that see two pixels a CSS pixel.
      const maxWidth = px && settings.pages.widths.find((step) => step >= 2 * px);
      const found = attrs(settings, shown, {
        widths,
        maxWidth,
        width: px,
        priority: !nth,
        placeholder: options.placeholder && !hasPolicy,
      });
      // Also for one width: without a list the picture's width would be the intrinsic width of the image.
      const srcset = join(candidates(settings, shown, { widths, maxWidth }));
      const written = {
        // A browser takes this as the intrinsic width of the image. With `auto` it would be 300 px.
        sizes: srcset && `(min-width: ${known.width}px) ${known.width}px, 100vw`,
        // The second image of most pages is visible at once.
        loading: nth > 1 && found.loading,
        fetchpriority: found.fetchpriority,
      };
      const list = Object.entries(written).filter(([name, value]) => value && attribute(name) === null);
      const shape = !(width && height) && `--prewarm:${known.width}/${known.height};`;
      const style = hasPolicy ? "" : [shape, attribute("style") === null && found.style].filter(Boolean).join("");
      return { src: found.src, ...(srcset && { srcset }), ...Object.fromEntries(list), ...(style && { style }) };
    },
  };
}

/** A side in px as HTML reads it: text after the number does not count. Undefined for a percentage. */
function pixelsOf(text: string | null): number | undefined {
  const [, number, unit] = /^[\t\n\f\r ]*(\d+(?:\.\d+)?)(%?)/.exec(text ?? "") ?? [];
  return (!unit && Number(number)) || undefined;
}
