import { QUALITIES } from "@prewarm/shared/config";
import { verify } from "@prewarm/shared/signature";
import { describe, expect, it, vi } from "vitest";
import { type ClientOptions, readOptions } from "../public-config.ts";
import { signImage } from "../server.ts";
import { BASE } from "../testing/ask-edge.ts";
import astro from "./astro.ts";
import { eleventyOptions, urlFormat } from "./eleventy.ts";
import { ratioOf } from "./modifiers.ts";
import nextLoader, { createLoader, withPrewarm } from "./next.ts";
import nuxt from "./nuxt.ts";
import { breakpoints, createTransformer } from "./unpic.ts";

/** A site whose list has every quality and two shapes. */
const options = { baseUrl: BASE, pages: { qualities: QUALITIES, ratios: ["1:1", "4:3"] } };
const loader = createLoader(options);
const transformer = createTransformer(options);
const config = { service: { config: options } };

describe("a source", () => {
  it("may be named by a rule of the site's own, which knows sizes as well", () => {
    const source = (src: string) => (src.startsWith("cms:") ? { id: src.slice(4), width: 1500, height: 1000 } : null);
    const own = createTransformer({ ...options, source });
    expect(own("cms:a", { width: 300, height: 200, fit: "cover" })).toBe(`${BASE}/images/a?w=320&f=auto`);
    expect(own("cms:a", { width: 300, height: 300, fit: "cover" })).toBe(`${BASE}/images/a?w=320&h=320&f=auto`);
    expect(own("cms:a", { height: 200 })).toBe(`${BASE}/images/a?w=320&f=auto`);
    expect(own("/a", { width: 300 })).toBe("/a");
  });

  it.each([
    "data:image/png;base64,AAAA",
    "blob:https://a.example/1",
    "https://a.example/a.jpg",
    "//a.example/a",
    "/_next/static/media/a.jpg",
    "/_astro/a.jpg",
    "/@fs/a.jpg",
    "/",
    "../a.jpg",
  ])("%s is left as it is", (src) => expect(loader({ src, width: 640 })).toBe(src));
});

describe("a pair", () => {
  const settings = readOptions(options);

  it.each([
    [800, 600, "4:3"],
    [381, 214, "16:9"],
    [1200, 630, "1.91:1"],
    [1200, 628, "1.91:1"],
    [801, 800, "1:1"],
    [800, 500, undefined],
  ])("%i × %i means %s", (width, height, ratio) =>
    expect(ratioOf({ ...settings.pages, ratios: settings.ratios }, width, height)).toBe(ratio),
  );

  it("that is no ratio of the list keeps its width", () => {
    expect(transformer("/a", { width: 800, height: 450, fit: "cover" })).toBe(`${BASE}/images/a?w=828&f=auto`);
    expect(transformer("/a", { width: 800, height: 500, fit: "cover" })).toBe(`${BASE}/images/a?w=828&f=auto`);
  });
});

it("a width is the next that uploads warm, an icon's too, and at most the widest", () => {
  const widths = [64, 300, 321, 700, 5000].map((width) => /w=(\d+)/.exec(transformer("/a", { width }))?.[1]);
  expect(widths).toEqual(["320", "320", "480", "828", "1920"]);
});

describe("quality", () => {
  it.each([
    [0.8, ""],
    [45, "q=low&"],
    ["very_low", "q=very_low&"],
    [400, "q=very_high&"],
    ["auto", ""],
    [Number.NaN, ""],
  ])("%s is %s", (quality, query) => {
    expect(transformer("/a", { width: 320, quality })).toBe(`${BASE}/images/a?w=320&${query}f=auto`);
  });
});

describe("where every URL is signed", () => {
  const all = { ...options, access: "private" } as const;
  const loaders: [string, (options: ClientOptions, src: string) => string][] = [
    ["next", (options, src) => createLoader(options)({ src, width: 320 })],
    ["nuxt", (options, src) => nuxt().getImage(src, { ...options, modifiers: { width: 320 } }).url],
    [
      "astro",
      (options, src) => astro.getURL({ src, width: 320, height: 200 }, { service: { config: { ...options } } }),
    ],
    ["unpic", (options, src) => createTransformer(options)(src, { width: 320 })],
    ["eleventy", (options, src) => urlFormat(options)({ src, width: 320 })],
  ];

  it.each(loaders)("%s takes an image's signature from the source, for every width", async (_, url) => {
    const sig = await signImage({ id: "f/ü.jpg", v: "2" }, "key", { lifetime: 600, now: 1_800_000_000 });
    const signed = new URL(url(all, `/f/ü.jpg?v=2&sig=${sig}`));
    expect(signed.search).toMatch(/^\?w=320&f=auto&v=2&exp=1800001200&sc=image&s=[\w-]{43}$/);
    const judge = (search: string) => verify(signed.pathname, search, ["key"], { noise: [] }, 1_800_000_000);
    expect(await judge(signed.search)).toBe("ok");
    expect(await judge(signed.search.replace("v=2", "v=3"))).toBe("bad");
  });

  it.each(loaders)("%s takes it from a rule of the site's own", (_, url) => {
    const source = (src: string) => ({ id: src.slice(1), sig: "abc" });
    expect(url({ ...all, source }, "/a.jpg")).toBe(`${BASE}/images/a.jpg?w=320&f=auto&sc=image&s=abc`);
    expect(url({ ...all, sign: ({ id }) => `of-${id}` }, "/a")).toBe(`${BASE}/images/a?w=320&f=auto&sc=image&s=of-a`);
  });

  it.each(loaders)("%s says what a source lacks, and leaves what is foreign", (_, url) => {
    expect(() => url(all, "/a.jpg")).toThrow(
      'With access: "private" /a.jpg needs the image\'s signature: ?sig=… of signImage',
    );
    expect(url(all, "https://other.example/a.jpg")).toBe("https://other.example/a.jpg");
  });

  it("no key is written into a page", () => {
    const config = withPrewarm({ env: {} }, { ...all, sign: () => "the-key" });
    expect(JSON.stringify(config)).not.toContain("the-key");
  });
});

describe("next", () => {
  const next = withPrewarm(
    { reactStrictMode: true, env: { A: "b" }, images: { dangerouslyAllowSVG: true } },
    { ...options, pages: { widths: [64, 400, 800], formats: ["webp"] } },
  );

  it("is configured with the widths that uploads warm, and keeps what was there", () => {
    expect(next).toMatchObject({
      reactStrictMode: true,
      env: { A: "b" },
      images: { dangerouslyAllowSVG: true, deviceSizes: [64, 400, 800], imageSizes: [], loader: "custom" },
    });
  });

  it("hands the options to the loader, in the server and in the browser", () => {
    const env: Record<string, string | undefined> = next.env;
    vi.stubEnv("PREWARM_PUBLIC", env.PREWARM_PUBLIC);
    expect(nextLoader({ src: "/a.jpg", width: 400 })).toBe(`${BASE}/images/a.jpg?w=400&f=webp`);
    vi.unstubAllEnvs();
  });

  it("asks for the largest width that uploads warm where there is none, as with vinext", () => {
    expect(loader({ src: "/a.jpg", width: 0 })).toBe(`${BASE}/images/a.jpg?w=1920&f=auto`);
  });
});

describe("nuxt", () => {
  const url = (modifiers: object) => nuxt().getImage("/a.jpg", { ...options, modifiers }).url;

  it("crops as its own service does, unless fit says that nothing is cut off", () => {
    expect(url({ width: 800, height: 600 })).toBe(`${BASE}/images/a.jpg?w=828&h=621&f=auto`);
    expect(url({ width: 800, height: 600, fit: "inside" })).toBe(`${BASE}/images/a.jpg?w=828&f=auto`);
  });

  it("warns once in development of the width that Nuxt makes of 100vw alone, and never in production", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    vi.stubEnv("NODE_ENV", "production");
    url({ width: 1 });
    expect(warn).not.toHaveBeenCalled();
    vi.stubEnv("NODE_ENV", "development");
    for (const width of [320, "1", 2]) url({ width });
    expect(warn.mock.calls).toEqual([[expect.stringContaining('/a.jpg is asked for 1 px wide. Is it sizes="100vw"')]]);
  });

  it("drops what an image URL cannot say", () => {
    expect(url({ width: 320, blur: 3, rotate: 90, background: "red", format: "gif" })).toBe(
      `${BASE}/images/a.jpg?w=320&f=auto`,
    );
  });
});

describe("astro", () => {
  it.each([
    ["mid", "q=medium&"],
    ["max", "q=very_high&"],
    ["high", ""],
    [45, "q=low&"],
  ])("knows quality %s", (quality, query) => {
    const url = astro.getURL({ src: "/a", width: 320, height: 200, quality }, config);
    expect(url).toBe(`${BASE}/images/a?w=320&${query}f=auto`);
  });

  it("crops only where fit says so, because both sides are demanded of every image", () => {
    const size = { src: "/a.jpg", width: 800, height: 600 };
    expect(astro.getURL(size, config)).toBe(`${BASE}/images/a.jpg?w=828&f=auto`);
    expect(astro.getURL({ ...size, fit: "cover" }, config)).toBe(`${BASE}/images/a.jpg?w=828&h=621&f=auto`);
  });

  it("stays with the widths that uploads warm where a layout chooses widths and crops by CSS", () => {
    const asked = { src: "/a.jpg", width: 800, height: 600, fit: "cover", "data-astro-image": "constrained" };
    expect(astro.getURL(asked, config)).toBe(`${BASE}/images/a.jpg?w=828&f=auto`);
    const list = astro.getSrcSet({ ...asked, widths: [640, 750, 800, 828, 1600, 2400] }, config);
    expect(list.map(({ descriptor }) => descriptor)).toEqual(["640w", "828w", "1920w"]);
  });

  it("tells the browser the width of the rung, each once", () => {
    const list = astro.getSrcSet({ src: "/a.jpg", width: 800, height: 600, widths: [640, 300, 310] }, config);
    expect(list.map(({ descriptor }) => descriptor)).toEqual(["320w", "640w"]);
  });

  it("leaves imported images to the build", () => {
    const src = { src: "/_astro/a.hash.jpg", width: 800, height: 600 };
    expect(astro.getURL(astro.validateOptions({ src }), config)).toBe(src.src);
    expect(astro.getSrcSet({ src, widths: [320] }, config)).toEqual([]);
  });

  it("keeps the attributes that are the page's, and none of its own words", () => {
    const attributes = astro.getHTMLAttributes({
      src: "/a",
      width: 8,
      height: 6,
      quality: 3,
      fit: "cover",
      class: "x",
      "data-astro-image": "constrained",
    });
    expect(attributes).toEqual({
      width: 8,
      height: 6,
      class: "x",
      "data-astro-image": "constrained",
      loading: "lazy",
      decoding: "async",
    });
  });

  it("demands a size", () => expect(() => astro.validateOptions({ src: "/a.jpg", width: 3 })).toThrow("jumps"));

  it("asks the edge for the size of an image, and says what to do where it is not known", async () => {
    const answers = new Map([
      [`${BASE}/info/f/%C3%BC.jpg`, { id: "f/ü.jpg", width: 30, height: 20, type: "image/jpeg" }],
    ]);
    vi.stubGlobal("fetch", async (url: string) =>
      Response.json(answers.get(url) ?? {}, { status: answers.has(url) ? 200 : 404 }),
    );
    const size = await astro.getRemoteSize(`${BASE}/images/f/%C3%BC.jpg?w=3`, config);
    expect(size).toMatchObject({ width: 30, height: 20 });
    // Astro would ask for WebP from then on, of whatever is an image, and no longer for what the browser takes.
    expect(size).not.toHaveProperty("format");
    await expect(astro.getRemoteSize(`${BASE}/images/other`, config)).rejects.toThrow("warm it first");
    vi.unstubAllGlobals();
  });
});

describe("unpic", () => {
  it("gets the whole picture, which unpic crops by CSS, unless the edge is to crop", () => {
    expect(transformer("/a", { width: 800, height: 600 })).toBe(`${BASE}/images/a?w=828&f=auto`);
    expect(transformer("/a", { width: 800, height: 600, fit: "cover" })).toBe(`${BASE}/images/a?w=828&h=621&f=auto`);
  });

  it("gets a fresh list each time, for it sorts the list it is given", () => {
    breakpoints(options).reverse();
    expect(breakpoints(options)[0]).toBe(320);
  });
});

describe("eleventy", () => {
  it("has one negotiated URL a width, or one for each format that is listed", () => {
    expect(eleventyOptions(options).urlFormat({ src: "./a.jpg", width: 320, format: "jpeg" })).toBe(
      `${BASE}/images/a.jpg?w=320&f=auto`,
    );
    const listed = { ...options, formats: ["avif", "jpeg"] } as const;
    expect(urlFormat(listed)({ src: "./a.jpg", width: 320, format: "jpeg" })).toBe(`${BASE}/images/a.jpg?w=320&f=jpeg`);
    expect(urlFormat(listed)({ src: "./a.jpg", width: 320, format: "webp" })).toBe(`${BASE}/images/a.jpg?w=320&f=auto`);
  });
});
