import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import type { ServiceOptions } from "../src/service.ts";

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
const read = (path: string, user: Partial<UserConfig> = {}, options: ServiceOptions = {}) =>
  cloudinary(options).read(
    new URL(`https://res.cloudinary.com/demo/image/upload/${path}`),
    defineConfig({ sources: SOURCES, ...user }),
  );

// Uploads make `pages`, so these are the URLs that loaders print.
describe("an old URL becomes the nearest that uploads make", () => {
  const PORTRAITS = { pages: { widths: [320, 640, 1080], ratios: ["3:4"] } };
  it.each<[string, string, "exact" | "approximate", Partial<UserConfig>?]>([
    ["w_400,f_auto/a.jpg", "w=480&q=high&f=auto", "exact"],
    ["w_2560,f_auto/a.jpg", "w=1920&q=high&f=auto", "exact"],
    ["w_50,f_auto/a.jpg", "w=64&q=high&f=auto", "exact", { pages: { widths: [64, 320] } }],
    ["w_640,f_avif/a.jpg", "w=640&q=high&f=avif", "exact"],
    ["w_640,f_webp/a.jpg", "w=640&q=high&f=auto", "approximate"],
    ["w_640,f_webp/a.jpg", "w=640&q=high&f=webp", "exact", { pages: { make: "all" } }],
    ["w_640/a.jpg", "w=640&q=high&f=auto", "approximate"],
    ["w_640/a.jpg", "w=640&q=high&f=jpeg", "exact", { pages: { formats: ["auto", "jpeg"] } }],
    ["w_640,f_auto/a.jpg", "w=640&q=high&f=webp", "approximate", { pages: { formats: ["webp", "jpeg"] } }],
    ["w_640,q_50,f_auto/a.jpg", "w=640&q=high&f=auto", "approximate"],
    ["w_640,q_50,f_auto/a.jpg", "w=640&q=low&f=auto", "approximate", { pages: { qualities: ["low", "very_high"] } }],
    ["c_fill,w_640,h_480,f_auto/a.jpg", "w=640&q=high&f=auto", "approximate"],
    ["c_fill,w_9,h_12,f_auto/a.jpg", "w=320&h=427&fit=cover&q=high&f=auto", "exact", PORTRAITS],
    // Higher than the widest page is wide, and lower than the ladder's top.
    ["c_fill,w_900,h_1200,f_auto/a.jpg", "w=1080&h=1440&fit=cover&q=high&f=auto", "exact", PORTRAITS],
    ["c_fill,w_3000,h_4000,f_auto/a.jpg", "w=1080&h=1440&fit=cover&q=high&f=auto", "exact", PORTRAITS],
    ["c_fill,w_640,h_800,f_auto/a.jpg", "w=640&h=853&fit=cover&q=high&f=auto", "approximate", PORTRAITS],
    // Crops have the usual quality, also where whole pictures have not.
    [
      "c_fill,w_640,h_853,f_auto/a.jpg",
      "w=640&h=853&fit=cover&q=high&f=auto",
      "exact",
      { ...PORTRAITS, pages: { ...PORTRAITS.pages, qualities: ["low"] } },
    ],
    // For other browsers the crop would be closed.
    [
      "c_fill,w_640,h_100,f_auto/a.jpg",
      "w=640&q=high&f=auto",
      "approximate",
      { presets: { old: "w=640&h=100&f=jpeg" } },
    ],
    ["f_auto/a.jpg", "w=1920&q=high&f=auto", "approximate"],
    ["w_auto,f_auto/a.jpg", "w=1080&q=high&f=auto", "approximate"],
    ["w_0.5,f_auto/a.jpg", "w=1080&q=high&f=auto", "approximate"],
    ["w_iw_div_2,f_auto/a.jpg", "w=1080&q=high&f=auto", "approximate"],
    ["w_auto,f_auto/a.jpg", "w=1200&q=high&f=auto", "approximate", { pages: { widths: [1200, 1920] } }],
  ])("%s: %s, %s", (path, query, exactness, user) => expect(read(path, user)).toMatchObject({ query, exactness }));

  it("where only its owner knew the size: the widest up to 1080 px", () => {
    const config = defineConfig({ sources: SOURCES });
    const readings = [
      read("$w_200/c_scale,w_$w,f_auto/a.jpg"),
      imgix({ hosts: ["a.test"] }).read(new URL("https://a.test/a.jpg?w=0.5&auto=format"), config),
      cloudflareImages().read(new URL("https://a.test/cdn-cgi/image/width=auto,f=auto/a.jpg"), config),
      cloudflareImages({ account: "x", hiding: "show" }).read(new URL("https://a.test/x/a/public"), config),
    ];
    expect(readings.map((reading) => reading?.query)).toEqual(Array(4).fill("w=1080&q=high&f=auto"));
  });
});

// What `prewarm adopt` prints as the line that makes a URL exact does make it exact.
it.each<[string, string, Partial<UserConfig>, ServiceOptions?]>([
  ["c_fill,w_400,h_500,f_auto/a.jpg", 'pages.ratios: "4:5"', { pages: { ratios: ["4:5"] } }],
  ["c_fill,w_400,h_300,f_auto/a.jpg", 'pages.ratios: "4:3"', { pages: { ratios: ["4:3"] } }],
  ["c_fill,w_400,h_500/a.jpg", 'pages.ratios: "4:5"', { pages: { ratios: ["4:5"] } }, { exact: true }],
  ["c_fill,w_1200,h_400,f_auto/a.jpg", 'pages.ratios: "3:1"', { pages: { ratios: ["3:1"] } }, { exact: true }],
  [
    "c_fill,g_north,w_640,h_640/a.jpg",
    'presets: "w=640&h=640&pos=top&f=jpeg"',
    { presets: { old: "w=640&h=640&pos=top&f=jpeg" } },
    { exact: true },
  ],
  [
    "c_fill,g_north,w_640,h_640,f_auto/a.jpg",
    'presets: "w=640&h=640&pos=top&f=auto"',
    { pages: { ratios: ["1:1"] }, presets: { old: "w=640&h=640&pos=top&f=auto" } },
  ],
  ["c_scale,h_300,f_auto/a.jpg", 'presets: "h=300&f=auto"', { presets: { old: "h=300&f=auto" } }],
  [
    "c_pad,w_300,h_200,f_auto/a.jpg",
    'presets: "w=300&h=200&fit=contain&f=auto"',
    { presets: { old: "w=300&h=200&fit=contain&f=auto" } },
  ],
  [
    "c_pad,w_300,h_200,f_webp/a.jpg",
    'presets: "w=300&h=200&fit=contain&f=webp"',
    { presets: { old: "w=300&h=200&fit=contain&f=webp" } },
    { exact: true },
  ],
  [
    "c_fill,w_400,h_300,q_50/a.jpg",
    'presets: "w=400&h=300&q=medium&f=jpeg"',
    { presets: { old: "w=400&h=300&q=medium&f=jpeg" } },
    { exact: true },
  ],
  ["w_400/a.png", 'formats: "png"', { formats: ["webp", "avif", "jpeg", "png"] }, { exact: true }],
  [
    "w_400/a.png",
    'formats and pages.formats: "png"',
    { formats: ["webp", "avif", "jpeg", "png"], pages: { formats: ["auto", "png"] } },
  ],
  ["w_400,f_webp/a.png", 'pages.formats: "webp"', { pages: { formats: ["auto", "webp"] } }],
  ["w_400,q_50,f_auto/a.png", 'pages.qualities: "medium"', { pages: { qualities: ["medium", "high"] } }],
  ["t_hero/a.jpg", 'presets: { "hero": … }', { presets: { hero: "w=1200&f=auto" } }],
])("%s needs %s, and is exact with it", (path, line, user, options) => {
  expect(read(path, {}, options)?.losses.flatMap((loss) => loss.line ?? [])).toContain(line);
  expect(read(path, user, options)).toMatchObject({ exactness: "exact", losses: [] });
});

it("a quality that needs a signature is the nearest of those that need none", () => {
  expect(read("w_400,q_90/a.jpg", { access: "signed" }, { exact: true })).toMatchObject({
    query: "w=480&q=high&f=jpeg",
    losses: [{ parameter: "quality very_high", kind: "approximate", line: 'pages.qualities: "very_high"' }],
  });
});
