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

/** The options are those of `image.providers.prewarm.options`. What `defineProvider` makes is a function like this one. */
const provider = () => ({
  /** Both sides crop, as in Nuxt's own service, unless `fit` says that nothing is cut off. */
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
