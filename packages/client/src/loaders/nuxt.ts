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

/** A provider as `defineProvider` makes one. Its options are `image.providers.prewarm.options`. */
const provider = () => ({
  /** Both sides crop, as in Nuxt's own service, unless `fit` keeps the whole picture. */
  getImage(
    src: string,
    { modifiers = {}, ...options }: ClientOptions & { modifiers?: NuxtModifiers },
  ): { url: string } {
    const crop = (modifiers.fit ?? "cover") === "cover";
    return { url: loaderUrl(readOptions(options), src, { ...modifiers, crop }) };
  },
});

// biome-ignore lint/style/noDefaultExport: Nuxt takes a provider as the default export of a file.
export default provider;
