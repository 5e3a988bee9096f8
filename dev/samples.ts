import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** A sample original: its id's bytes, and what kind of picture it stands for. */
export interface Sample {
  id: string;
  about: string;
  make(): Promise<Buffer>;
}

const require = createRequire(import.meta.url);
const file = (name: string, path: string) => readFile(join(dirname(require.resolve(`${name}/package.json`)), path));
const camera = () => file("exif", "test/sony-alpha-6000.jpg");
const phone = () => file("exif", "test/short-ascii-II.jpg");

/** Stored sideways with EXIF orientation 6, as phones do: upright it is a portrait. */
async function sideways(): Promise<Buffer> {
  return sharp(await camera())
    .resize({ width: 1800, height: 1200, fit: "cover" })
    .jpeg({ quality: 85 })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}

/** A round cut-out: corners fully transparent. */
async function cutOut(): Promise<Buffer> {
  const circle = Buffer.from('<svg width="900" height="900"><circle cx="450" cy="450" r="440" fill="#fff"/></svg>');
  return sharp(await phone())
    .resize(900, 900)
    .ensureAlpha()
    .composite([{ input: circle, blend: "dest-in" }])
    .png()
    .toBuffer();
}

async function animated(): Promise<Buffer> {
  const frames = await Promise.all(
    [0, 60, 120, 180].map(async (hue) =>
      sharp(await file("exif-js", "example/Bloated-Hero.jpg"))
        .resize(320, 180)
        .modulate({ hue })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: 200, loop: 0 })
    .toBuffer();
}

const vector = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><rect width="120" height="120" fill="#f6821f"/><circle cx="60" cy="60" r="36" fill="#fff"/></svg>',
);

/** Photographs come from dev dependencies that ship them; nothing is committed here, and nothing is shipped. */
export const SAMPLES: readonly Sample[] = [
  { id: "landscape.jpg", about: "24-megapixel landscape, JPEG, 6000 × 4000", make: camera },
  { id: "phone.jpg", about: "phone photograph, JPEG, 4208 × 3120", make: phone },
  { id: "portrait.jpg", about: "portrait by EXIF orientation 6, JPEG", make: sideways },
  { id: "hero.jpg", about: "web hero, JPEG, 1024 × 576", make: () => file("exif-js", "example/Bloated-Hero.jpg") },
  { id: "cut-out.png", about: "PNG with transparency, 900 × 900", make: cutOut },
  {
    id: "faces.jpg",
    about: "group photograph, JPEG, 600 × 346",
    make: () => file("tracking", "examples/assets/faces.jpg"),
  },
  {
    id: "small.jpg",
    about: "smaller than most rungs, JPEG, 120 × 80",
    make: async () =>
      sharp(await camera())
        .resize(120)
        .jpeg()
        .toBuffer(),
  },
  {
    id: "albums/été 2026/plage.webp",
    about: "nested UTF-8 id, WebP",
    make: async () =>
      sharp(await phone())
        .resize(1500)
        .webp()
        .toBuffer(),
  },
  { id: "waving.gif", about: "animated GIF: passed through", make: animated },
  { id: "logo.svg", about: "SVG: passed through", make: async () => vector },
];

/** Makes what is not there yet in `folder`, and returns the file of each id. */
export async function prepareSamples(folder: string): Promise<Map<string, string>> {
  await mkdir(folder, { recursive: true });
  const entries = SAMPLES.map(async (sample): Promise<[string, string]> => {
    const path = join(folder, encodeURIComponent(sample.id));
    const there = await stat(path).catch(() => null);
    if (!there) await writeFile(path, await sample.make());
    return [sample.id, path];
  });
  return new Map(await Promise.all(entries));
}
