import { type ClientOptions, readOptions } from "../public-config.ts";
import { loaderUrl } from "./modifiers.ts";

export type { ClientOptions } from "../public-config.ts";

export interface LoaderProps {
  src: string;
  width: number;
  quality?: number | undefined;
}

export type Loader = (props: LoaderProps) => string;

/** The changed part of a NextConfig. */
export interface NextImages {
  env?: Record<string, string | undefined>;
  images?: object;
}

/** A loader for `next/image`, for a `loaderFile` of your own. You need one if `source` is a function. */
export function createLoader(options: ClientOptions): Loader {
  const settings = readOptions(options);
  return ({ src, ...asked }) => loaderUrl(settings, src, asked);
}

let configured: Loader | undefined;

/** The loader for `loaderFile`, with the options of `withPrewarm`, which Next writes into every bundle. */
// biome-ignore lint/style/noDefaultExport: next takes a loader as the default export of a file.
export default function loader(props: LoaderProps): string {
  configured ??= createLoader(JSON.parse(process.env.PREWARM_PUBLIC ?? ""));
  return configured(props);
}

/**
 * The configuration with this loader and the widths that uploads warm, so that pages ask for stored variants. Set
 * `loaderFile` if packages are not in node_modules, or for a file of your own.
 */
export function withPrewarm<T extends NextImages>(
  config: T,
  { loaderFile = "./node_modules/@prewarm/client/next.js", ...options }: ClientOptions & { loaderFile?: string },
): T {
  const settings = readOptions(options);
  return {
    ...config,
    env: { ...config.env, PREWARM_PUBLIC: JSON.stringify(options) },
    images: {
      ...config.images,
      loader: "custom",
      loaderFile,
      deviceSizes: [...settings.pages.widths],
      imageSizes: [],
      // As many as Next allows, so that it does not replace the quality of a page.
      qualities: Array.from({ length: 20 }, (_, n) => 5 * (n + 1)),
    },
  };
}
