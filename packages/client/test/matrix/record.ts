// Renders many sets of props with the real libraries, whose node_modules lie in the folder given, and writes down what they ask a loader
// for: `record.ts <folder of next, nuxt, astro, small>`. The matrix test replays that, so that it needs none of them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PHOTO, SOURCES, type Source } from "./sources.ts";

type Props = Record<string, unknown>;
interface Case {
  source: Source;
  props: Props;
  calls: unknown[];
}

const folder = process.argv[2] ?? "";
// biome-ignore lint/suspicious/noExplicitAny: these libraries have no types that hold outside a project of theirs.
const load = (path: string): Promise<any> => import(join(folder, path));
const versionOf = (path: string): string =>
  JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8")).version;

async function record(
  name: string,
  library: string,
  props: readonly Props[],
  render: (props: Props) => unknown[] | Promise<unknown[]>,
) {
  const asked = [
    ...SOURCES.map((source) => ({ source, props: props[0] ?? {} })),
    ...props.map((each) => ({ source: PHOTO, props: each })),
  ];
  const cases: Case[] = [];
  for (const { source, props: each } of asked)
    cases.push({ source, props: each, calls: await render({ ...each, src: source.src }) });
  const lines = cases.map((each) => JSON.stringify(each)).join(",\n");
  const text = `{"library":"${library.split("node_modules/")[1]}@${versionOf(library)}","cases":[\n${lines}\n]}\n`;
  writeFileSync(join(import.meta.dirname, "calls", `${name}.json`), text);
  console.log(`${name}: ${cases.length} cases, ${cases.reduce((sum, { calls }) => sum + calls.length, 0)} calls`);
}

async function next() {
  const { getImgProps } = await load("next/node_modules/next/dist/shared/lib/get-img-props.js");
  const widths = [320, 480, 640, 828, 1080, 1440, 1920];
  const imgConf = {
    deviceSizes: widths,
    allSizes: widths,
    imageSizes: [],
    qualities: Array.from({ length: 20 }, (_, n) => 5 * (n + 1)),
    loader: "custom",
    path: "",
  };
  const props: Props[] = [
    { width: 800, height: 600 },
    { fill: true },
    { fill: true, sizes: "100vw" },
    { fill: true, sizes: "(min-width: 800px) 33vw, 100vw" },
    { width: 800, height: 600, sizes: "400px" },
    ...[10, 20, 49, 50, 75, 90, 100].map((quality) => ({ width: 800, height: 600, quality })),
    ...[16, 40, 64, 300, 1920, 4000].map((width) => ({ width, height: width })),
    { width: "640", height: "480" },
    { width: 800, height: 600, priority: true },
    { width: 800, height: 600, placeholder: "blur", blurDataURL: "data:image/webp;base64,AAAA" },
    { width: 800, height: 600, loading: "eager", fetchPriority: "low" },
    { width: 800, height: 600, style: { objectFit: "cover" } },
    { width: 800, height: 600, quality: 0.8 },
  ];
  await record("next", "next/node_modules/next", props, (each) => {
    const calls: unknown[] = [];
    const defaultLoader = (call: unknown) => `https://x.example/${calls.push(call)}`;
    getImgProps({ alt: "", ...each }, { imgConf, defaultLoader });
    return calls;
  });
}

async function nuxt() {
  const { createImage } = await load("nuxt/node_modules/@nuxt/image/dist/runtime/image.js");
  const props: Props[] = [
    { width: 800 },
    { width: 800, height: 600 },
    { width: 700, height: 500 },
    { width: 800, height: 800, fit: "cover" },
    ...["contain", "fill", "inside", "outside"].map((fit) => ({ width: 800, height: 600, fit })),
    { width: 800, sizes: "100vw sm:50vw md:400px" },
    { width: 400, height: 300, sizes: "sm:100vw md:50vw lg:400px" },
    { width: 400, densities: "x1 x2 x3" },
    { height: 300 },
    {},
    ...["webp", "avif", "jpg", "jpeg", "png", "gif", "auto"].map((format) => ({ width: 800, format })),
    ...[1, 50, "80", 100].map((quality) => ({ width: 800, quality })),
    { width: 10, height: 10, quality: 50, blur: 3 },
    {
      width: 800,
      background: "red",
      blur: 2,
      rotate: 90,
      position: "top",
      animated: true,
      modifiers: { roundCorner: "0:100" },
    },
  ];
  await record("nuxt", "nuxt/node_modules/@nuxt/image", props, (each) => {
    const calls: unknown[] = [];
    const getImage = (src: string, { modifiers }: { modifiers: unknown }) => ({
      url: `/${calls.push([src, { modifiers }])}`,
    });
    const $img = createImage({
      provider: "prewarm",
      providers: { prewarm: { setup: () => ({ getImage }), defaults: {} } },
      presets: {},
      densities: [1, 2],
      screens: { xs: 320, sm: 640, md: 768, lg: 1024, xl: 1280, xxl: 1536 },
      alias: {},
      domains: [],
    });
    const { src, sizes, densities, modifiers, ...rest } = each;
    $img(src, { ...rest, ...(modifiers as object) });
    if (sizes || densities || rest.width)
      $img.getSizes(src, { sizes, densities, modifiers: { ...rest, ...(modifiers as object) } });
    return calls;
  });
}

async function astro() {
  const { getImage } = await load("astro/node_modules/astro/dist/assets/internal.js");
  const imageConfig = {
    service: { config: {} },
    domains: [],
    remotePatterns: [],
    endpoint: { route: "/_image" },
    responsiveStyles: false,
  };
  const size = { width: 800, height: 600 };
  const props: Props[] = [
    size,
    { ...size, fit: "cover" },
    { width: 700, height: 500, fit: "cover" },
    ...["contain", "fill", "none", "scale-down"].map((fit) => ({ ...size, fit })),
    ...["constrained", "full-width", "fixed"].map((layout) => ({ ...size, layout })),
    { ...size, layout: "constrained", fit: "cover", position: "top" },
    { ...size, widths: [300, 310, 640, 2400] },
    { ...size, densities: [1, 1.5, 2] },
    { ...size, densities: ["1x", "2x"] },
    ...["low", "mid", "high", "max", 80, "55"].map((quality) => ({ ...size, quality })),
    ...["webp", "avif", "png", "jpeg", "svg"].map((format) => ({ ...size, format })),
    { ...size, priority: true },
    { width: 400.5, height: 300.2 },
    { ...size, background: "#fff", position: "left" },
  ];
  await record("astro", "astro/node_modules/astro", props, async (each) => {
    const calls: unknown[] = [];
    Object.assign(globalThis, {
      astroAsset: {
        imageService: {
          validateOptions: (options: unknown) => {
            calls.push(structuredClone(options));
            return options;
          },
          getURL: () => "/x",
        },
      },
    });
    await getImage({ ...each, alt: "" }, imageConfig);
    return calls;
  });
}

async function unpic() {
  const { transformBaseImageProps, transformBaseSourceProps } = await load(
    "small/node_modules/@unpic/core/dist/base.mjs",
  );
  const breakpoints = [320, 480, 640, 828, 1080, 1440, 1920];
  const props: Props[] = [
    { width: 800, height: 600 },
    ...["constrained", "fixed", "fullWidth"].flatMap((layout) => [
      { layout, width: 800 },
      { layout, width: 800, height: 600 },
      { layout, width: 800, aspectRatio: 16 / 9 },
      { layout, width: 700, height: 500 },
    ]),
    { layout: "constrained", aspectRatio: 1.91, width: 1200 },
    { width: 800, height: 600, breakpoints: undefined },
    { layout: "fullWidth", breakpoints: undefined },
    { width: 800, height: 600, priority: true },
    { width: 800, operations: { quality: 60 } },
    { width: 800, operations: { format: "png", blur: 3, crop: "faces", gravity: "north" } },
    { width: 800, height: 600, operations: { fit: "contain" } },
    { width: 800, height: 600, background: "auto" },
    { width: 320, height: 320, source: { type: "image/avif", media: "(min-width: 1px)" } },
    { layout: "fullWidth", source: { media: "(max-width: 600px)" }, height: 300 },
  ];
  await record("unpic", "small/node_modules/@unpic/core", props, ({ source, ...each }) => {
    const calls: unknown[] = [];
    const transformer = (src: unknown, operations: unknown) =>
      `https://x.example/${calls.push([String(src), operations])}`;
    const given = { breakpoints: [...breakpoints], alt: "", transformer, ...each };
    if (source) transformBaseSourceProps({ ...given, ...source });
    else transformBaseImageProps(given);
    return calls;
  });
}

async function eleventy() {
  const { default: Image } = await load("small/node_modules/@11ty/eleventy-img/img.js");
  const props: Props[] = [
    { widths: [320, 480, 640, 828, 1080, 1440, 1920], formats: ["auto"] },
    { widths: [300, 700, "auto"], formats: ["webp", "jpeg"] },
    { widths: ["auto"], formats: ["avif", "webp", "jpeg"] },
    { widths: [400, 5000], formats: ["png", "svg"] },
    { widths: [null], formats: [null] },
    { widths: [64, 128], formats: ["auto"], sharpWebpOptions: { quality: 50 } },
  ];
  await record("eleventy", "small/node_modules/@11ty/eleventy-img", props, async ({ src, ...each }) => {
    const calls: unknown[] = [];
    const urlFormat = (stats: unknown) => `https://x.example/${calls.push(JSON.parse(JSON.stringify(stats)))}`;
    const imageMetadataOverride = { width: 2400, height: 1600, format: "jpeg" };
    await Image(src, { statsOnly: true, useCache: false, imageMetadataOverride, urlFormat, ...each });
    return calls;
  });
}

for (const library of [next, nuxt, astro, unpic, eleventy]) await library();
