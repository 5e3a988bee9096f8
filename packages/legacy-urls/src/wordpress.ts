import { extensionOf } from "@prewarm/shared/image-id";
import { newAsked } from "./asked.ts";
import { idOfPath } from "./image-of.ts";
import { createService, type LegacyService, type ServiceOptions } from "./service.ts";

interface WordPressOptions extends ServiceOptions {
  /** Where the uploads folder is. Default `/wp-content/uploads/`. */
  path?: string;
}

/** Longer sides of the sizes that WordPress itself makes without a cut, in px (wp_get_registered_image_subsizes, 6.6). */
const WHOLE = [300, 1024, 1536, 2048];
/** The one that only its width bounds (`medium_large`). */
const WHOLE_WIDTH = 768;
/** The longer side of a file `-scaled`, in px (`big_image_size_threshold`). */
const SCALED = 2560;

/**
 * WordPress's own files: `/wp-content/uploads/2024/05/photo-300x200.jpg` and `photo-scaled.jpg` are `2024/05/photo.jpg`. An edit
 * (`photo-e1571218039123.jpg`) is an original of its own, for it may lack what was cut off on purpose. WordPress gives no upload a name with
 * such an end since 5.3.1; an older one that has it is shown once the name without it is found missing.
 */
export function wordpress(options: WordPressOptions = {}): LegacyService {
  const { path = "/wp-content/uploads/" } = options;
  return createService(
    {
      name: "wordpress",
      parse(url) {
        if (!url.pathname.startsWith(path)) return null;
        const literal = idOfPath(url.pathname.slice(path.length));
        if (literal === null || !/^(jpe?g|png|webp|gif|avif|heic|svg|ico)$/.test(extensionOf(literal) ?? ""))
          return null;
        const [end, width, height, word] =
          /-(?:(\d{1,5})x(\d{1,5})|(scaled|rotated))(?=\.\w{1,5}$)/.exec(literal) ?? [];
        const asked = newAsked(literal);
        if (end === undefined) return asked;
        const at = literal.lastIndexOf(end);
        const original = { ...asked, literal, id: literal.slice(0, at) + literal.slice(at + end.length) };
        if (word !== undefined) return { ...original, width: word === "scaled" ? SCALED : null };
        const [w, h] = [Number(width), Number(height)];
        const isWhole = w !== h && (w === WHOLE_WIDTH || WHOLE.includes(Math.max(w, h)));
        return { ...original, width: w, height: isWhole ? null : h, fit: "cover" };
      },
    },
    options,
  );
}
