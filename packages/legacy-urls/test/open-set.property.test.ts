import { type Config, defineConfig } from "@prewarm/shared/config";
import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { expandTransforms, formatTransform, parseTransform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { ipx } from "../src/ipx.ts";
import { netlify } from "../src/netlify.ts";
import { next } from "../src/next.ts";
import { bunny, fastly, imagekit, keycdn, shopify } from "../src/query.ts";
import type { LegacyService, ServiceOptions } from "../src/service.ts";
import { wordpress } from "../src/wordpress.ts";

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const CONFIGS: readonly Config[] = [
  defineConfig({ sources: SOURCES }),
  defineConfig({
    sources: SOURCES,
    access: "signed",
    pages: { qualities: ["medium"] },
    presets: { card: "w=333&h=77&fit=fill&q=low&f=auto" },
  }),
  defineConfig({
    sources: SOURCES,
    access: "signed",
    formats: ["webp", "avif", "jpeg", "png"],
    pages: { widths: [100, 700], ratios: ["1:1", "9:16"] },
    presets: { wide: "w=700&h=100&f=webp", tall: "h=500&f=auto" },
  }),
  defineConfig({
    sources: SOURCES,
    // Of one box in some formats only, so that `f=auto` is open to some browsers and closed to others.
    presets: { card: "w=320&h=100&f=avif", wide: "w=320&h=100&f=jpeg" },
    pages: {
      widths: [64, 320, 640, 1080],
      ratios: ["3:4", "1:1"],
      formats: ["jpeg", "auto"],
      make: ["webp"],
      qualities: ["low", "medium"],
    },
  }),
  defineConfig({ sources: SOURCES, pages: { formats: ["webp"], ratios: ["16:9"], qualities: ["very_high"] } }),
];
const servicesOf = (options: ServiceOptions): LegacyService[] => [
  cloudinary(options),
  imgix({ ...options, hosts: ["old.example.com"] }),
  cloudflareImages({ ...options, account: "hash" }),
  netlify(options),
  next(options),
  ipx(options),
  wordpress(options),
  shopify(options),
  ...[imagekit, bunny, fastly, keycdn].map((each) => each({ ...options, hosts: ["old.example.com"] })),
];
const SERVICES = servicesOf({});
const EXACT = servicesOf({ exact: true });

const number = fc.oneof(
  fc.nat(5000).map(String),
  fc.double({ min: 0, max: 3, noNaN: true }).map(String),
  fc.constantFrom("0", "-1", "auto", "1e9", "9".repeat(30)),
);
const word = fc.constantFrom(
  ...[
    "fill",
    "fit",
    "pad",
    "scale",
    "crop",
    "thumb",
    "cover",
    "contain",
    "clip",
    "max",
    "facearea",
    "squeeze",
    "scale-down",
  ],
  ...[
    "auto",
    "face",
    "north",
    "north_west",
    "top",
    "left,top",
    "center",
    "auto:eco",
    "format",
    "compress,format",
    "high",
    "low",
  ],
  ...["jpg", "png", "avif", "webp", "gif", "json", "16:9", "1.5", "0:0", "card", "wide", "constructor", "__proto__"],
);
const value = fc.oneof(number, word, fc.string({ maxLength: 20 }));
const cloudinaryUrl = fc
  .array(
    fc.array(fc.tuple(fc.constantFrom(..."w h c g q f ar dpr t e l u fl a b x $v".split(" ")), value), {
      minLength: 1,
      maxLength: 5,
    }),
    { maxLength: 6 },
  )
  .map((components) => {
    const text = components
      .map((parts) => parts.map(([key, each]) => `${key}_${encodeURIComponent(each)}`).join(","))
      .join("/");
    return `https://res.cloudinary.com/demo/image/upload/${text}/a/photo.jpg`;
  });
const options = fc.array(
  fc.tuple(fc.constantFrom(..."w h fit q f g dpr width height quality format gravity blur rotate".split(" ")), value),
  { maxLength: 8 },
);
const cloudflareUrl = fc.tuple(options, fc.boolean()).map(([list, delivered]) => {
  const text = list.map(([name, each]) => `${name}=${encodeURIComponent(each)}`).join(",");
  return delivered
    ? `https://a.example.com/hash/id/${text}`
    : `https://a.example.com/cdn-cgi/image/${text}/a/photo.png`;
});
const names = (
  "w h fit crop ar dpr max-w max-h min-w min-h auto fm q fp-x position url s expires blur " +
  "width height quality format aspect_ratio class tr size scale overlay"
).split(" ");
const queries = fc
  .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 })
  .map((list) => new URLSearchParams(list));
const queryUrl = fc
  .tuple(
    fc.constantFrom(
      ...["/a.jpg?", "/.netlify/images?url=/a.jpg&", "/_next/image?url=%2Fa.jpg&", "/hash/id/card?", "/a.gif?"],
      ...["/cdn/shop/files/a_600x.jpg?", "/cdn/shop/files/a_large.jpg?", "/wp-content/uploads/a-150x100.png?"],
    ),
    queries,
  )
  .map(([head, query]) => `https://old.example.com${head}${query}`);
const stepsUrl = fc
  .tuple(
    fc.constantFrom(...(["_", "-"] as const)),
    fc.array(fc.tuple(fc.constantFrom(..."w h s ar q f c cm fit pos fo dpr n l e bl median".split(" ")), value), {
      maxLength: 6,
    }),
  )
  .map(([sign, list]) => {
    const text = list.map(([name, each]) => `${name}${sign}${encodeURIComponent(each)}`).join(",");
    return `https://old.example.com/${sign === "_" ? "_ipx/" : "tr:"}${text || "_"}/a/photo.jpg`;
  });
const anything = fc.webUrl({ withQueryParameters: true, withFragments: true });
const urls = fc.oneof(cloudinaryUrl, cloudflareUrl, queryUrl, stepsUrl, anything);

describe("an old URL", () => {
  it("names an image URL in the open set, in its canonical form, or none", () => {
    let read = 0;
    fc.assert(
      fc.property(urls, fc.constantFrom(...CONFIGS), (address, config) => {
        const url = URL.parse(address);
        for (const reading of url === null ? [] : [...SERVICES, ...EXACT].map((each) => each.read(url, config))) {
          if (reading === null) continue;
          read += 1;
          for (const accept of [null, "image/avif,image/webp", "image/png"]) {
            const { transform, closed } = parseTransform(reading.query, config, accept);
            expect(closed).toBe(true);
            expect(config.formats).toContain(transform.format);
          }
          expect(reading.exactness === "exact").toBe(reading.losses.length === 0);
          if (reading.query.startsWith("p=")) continue;
          const canonical = formatTransform(parseTransform(reading.query, config).transform);
          expect(reading.query.replace(/f=\w+$/, "")).toBe(canonical.replace(/f=\w+$/, ""));
        }
      }),
      { numRuns: 5000 },
    );
    // The property would hold of services that read nothing.
    expect(read).toBeGreaterThan(3000);
  });

  it("names an image URL that an upload makes, unless exact ones are wanted", () => {
    const sites = CONFIGS.map((config) => {
      const specs = recipesOf(config).upload;
      return { config, made: new Set(specs.flatMap((spec) => expandTransforms(spec, config).map(formatTransform))) };
    });
    fc.assert(
      fc.property(urls, fc.constantFrom(...sites), (address, { config, made }) => {
        const url = URL.parse(address);
        for (const reading of url === null ? [] : SERVICES.map((each) => each.read(url, config)))
          for (const transform of reading === null ? [] : expandTransforms(reading.query, config))
            expect(made).toContain(formatTransform(transform));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ["/demo/image/upload/", "l_x,", "/a.jpg"],
    ["/demo/image/upload/", "l_x/", "a.jpg"],
    ["/demo/image/upload/", "fl_a.", "/a.jpg"],
    ["/demo/image/upload/", "w_1:", "/a.jpg"],
    ["/cdn-cgi/image/", "w=1,", "/a.jpg"],
    ["/.netlify/images?url=/a.jpg&w=", "1.", ""],
    ["/a.jpg?", "crop=top,", ""],
    ["/_next/image?url=", "/..", ""],
    ["/_ipx/", "w_1,", "/a.jpg"],
    ["/tr:", "l-x,", "/a.jpg"],
    ["/a.jpg?tr=", "l-end:", ""],
    ["/cdn/shop/files/a", "_600x", ".jpg"],
    ["/wp-content/uploads/a", "-300x200", ".jpg"],
  ])("of 3,900 bytes takes time in proportion to its length: %s%s…%s", (head, piece, tail) => {
    const [config] = CONFIGS;
    const growth = growthOf((times) => {
      const repeats = (975 * times - head.length) / piece.length;
      const url = new URL(`https://old.example.com${head}${piece.repeat(repeats)}${tail}`);
      return () => SERVICES.map((service) => service.read(url, config as Config));
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });

  it("longer than 4,096 bytes is not read", () => {
    const long = new URL(`https://old.example.com/demo/image/upload/${"w_1/".repeat(1100)}a.jpg`);
    expect(cloudinary().read(long, CONFIGS[0] as Config)).toBeNull();
  });
});
