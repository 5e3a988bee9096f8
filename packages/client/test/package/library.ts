// A library of components: whatever it exports has types of the package, which its declaration files must name (package.test.ts compiles it).
import {
  type Art,
  type AttrOptions,
  type ClientOptions,
  type Core,
  createCore,
  createMeta,
  createPrewarm,
  type FormatOf,
  type ImageInfo,
  type ImageRef,
  type ImageRoot,
  type ImgAttributes,
  type PartOptions,
  type PresetOf,
  type PresetOptions,
  type Prewarm,
  type PublicConfig,
  type RatioOf,
  type SrcsetOptions,
  type UrlOptions,
} from "@prewarm/client";
import astro from "@prewarm/client/astro";
import { eleventyOptions, urlFormat } from "@prewarm/client/eleventy";
import next, { createLoader, withPrewarm } from "@prewarm/client/next";
import nuxt from "@prewarm/client/nuxt";
import { type SigningOptions, signAttrs, signAttrsSync, signUrl } from "@prewarm/client/server";
import { handleImages, type WorkerOptions, workboxPlugin } from "@prewarm/client/sw";
import { breakpoints, createTransformer } from "@prewarm/client/unpic";

const options = { baseUrl: "https://images.example.com", presets: { card: "w=640&h=480" } };
export const prewarm = createPrewarm(options);
export const core = createCore(options);
export const meta = createMeta(options);
export const { image } = meta("a.jpg");
export const { imageUrl, srcset, attrs, img, picture, preload, imageSet, og, info, upgrade } = prewarm;

export const attributes = prewarm.attrs({ id: "a.jpg", width: 400, height: 300 }, { width: 200 });
export const card = (ref: ImageRef) => prewarm.attrs(ref, { preset: "card" });
export const known = prewarm.info(["a.jpg"]);
export const signed = signAttrs(attributes, "key");
export const sync = signAttrsSync;
export const sign = (url: string, how: SigningOptions) => signUrl(url, "key", how);

export const loader = createLoader(options);
export const site = withPrewarm({}, options);
export const provider = nuxt();
export const service = astro;
export const transform = createTransformer(options);
export const eleventy = [eleventyOptions(options), urlFormat(options)] as const;
export const worker = (how: WorkerOptions) => handleImages(how);
export { breakpoints, next, workboxPlugin };

export type Everything<C extends ClientOptions = typeof options> = [
  Art,
  AttrOptions<C>,
  Core<C>,
  FormatOf<C>,
  ImageInfo,
  ImageRoot,
  ImgAttributes,
  PartOptions<C>,
  Prewarm<C>,
  PresetOf<C>,
  PresetOptions<C>,
  PublicConfig,
  RatioOf<C>,
  SrcsetOptions,
  UrlOptions<C>,
];
