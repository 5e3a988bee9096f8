import { type ClientOptions, readOptions } from "../public-config.ts";
import { loaderUrl } from "./modifiers.ts";

export type { ClientOptions } from "../public-config.ts";

export interface NuxtModifiers {
  width?: number | string;
  height?: number | string;
  quality?: number | string;
  format?: string;
  fit?: string;
}

/** Nobody shows a photo so narrow, in px: Nuxt takes a `vw` without a breakpoint for a share of 1 px, and 2 at twice the density. */
const TOO_NARROW = 16;
let hasWarned = false;

/** Says once in development what browsers make of a `srcset` of `1w 2w`: an image that is laid out 320 times too wide. */
function warnOfWidth(src: string, width: unknown): void {
  if (hasWarned || !(Number(width) < TOO_NARROW)) return;
  hasWarned = true;
  console.warn(
    `prewarm: ${src} is asked for ${width} px wide. Is it sizes="100vw" alone? Name a breakpoint: sizes="100vw md:828px".`,
  );
}

/** A provider as `defineProvider` makes one. Its options are `image.providers.prewarm.options`. */
const provider = () => ({
  /** Both sides crop, as in Nuxt's own service, unless `fit` keeps the whole picture. */
  getImage(
    src: string,
    { modifiers = {}, ...options }: ClientOptions & { modifiers?: NuxtModifiers },
  ): { url: string } {
    // Nuxt's builds write the word in its place, and leave out what no visitor needs.
    if (process.env.NODE_ENV === "development") warnOfWidth(src, modifiers.width);
    const crop = (modifiers.fit ?? "cover") === "cover";
    return { url: loaderUrl(readOptions(options), src, { ...modifiers, crop }) };
  },
});

// biome-ignore lint/style/noDefaultExport: Nuxt takes a provider as the default export of a file.
export default provider;
