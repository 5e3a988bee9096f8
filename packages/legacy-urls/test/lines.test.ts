import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { cloudinary } from "../src/cloudinary.ts";

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
const read = (path: string, user: Partial<UserConfig> = {}) =>
  cloudinary().read(
    new URL(`https://res.cloudinary.com/demo/image/upload/${path}`),
    defineConfig({ sources: SOURCES, ...user }),
  );

// What `prewarm adopt` prints as the line that makes a URL exact does make it exact.
it.each<[string, string, Partial<UserConfig>]>([
  ["c_fill,w_400,h_500/a.jpg", 'ratios: "4:5"', { ratios: ["4:5"] }],
  ["c_fill,w_1200,h_400,f_auto/a.jpg", 'ratios: "3:1"', { ratios: ["3:1"] }],
  [
    "c_fill,g_north,w_640,h_640/a.jpg",
    'ratios: { ratio: "1:1", pos: "top" }',
    { ratios: ["1:1", { ratio: "1:1", pos: "top" }] },
  ],
  ["c_scale,h_300,f_auto/a.jpg", 'presets: "h=300&f=auto"', { presets: { old: "h=300&f=auto" } }],
  [
    "c_pad,w_300,h_200,f_webp/a.jpg",
    'presets: "w=300&h=200&fit=contain&f=webp"',
    { presets: { old: "w=300&h=200&fit=contain&f=webp" } },
  ],
  [
    "c_fill,w_400,h_300,q_50/a.jpg",
    'presets: "w=400&h=300&q=medium&f=jpeg"',
    { presets: { old: "w=400&h=300&q=medium&f=jpeg" } },
  ],
  ["w_400/a.png", 'formats: "png"', { formats: ["webp", "avif", "jpeg", "png"] }],
  ["t_hero/a.jpg", 'presets: { "hero": … }', { presets: { hero: "w=1200&f=auto" } }],
])("%s needs %s, and is exact with it", (path, line, user) => {
  expect(read(path)?.losses.map((loss) => loss.line)).toEqual([line]);
  expect(read(path, user)).toMatchObject({ exactness: "exact", losses: [] });
});

it("a quality that the site has not is the nearest of those it has", () => {
  expect(read("w_400,q_90/a.jpg", { qualities: ["low", "high"] })).toMatchObject({
    query: "w=400&q=high&f=jpeg",
    losses: [{ parameter: "quality very_high", kind: "approximate", line: 'qualities: "very_high"' }],
  });
});
