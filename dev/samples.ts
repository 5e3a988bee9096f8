import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";

/** A sample original: its id's bytes, and what kind of picture it stands for. */
export interface Sample {
  id: string;
  about: string;
  make(): Promise<Buffer>;
}

/** A photograph of dev/samples, in the public domain (dev/samples/LICENSES.md). */
const PHOTOGRAPHS = {
  canyon: "black-canyon.jpg",
  boats: "nagasaki-boats.jpg",
  flower: "allium-oreophilum.jpg",
  mountains: "french-alpine-landscape.jpg",
  leaves: "acanthus-mollis.jpg",
  cats: "locomotion-house-cat.jpg",
};

/** The photograph, cropped and enlarged to a size that cameras have. It says who took it, as a camera's files do. */
function photograph(name: keyof typeof PHOTOGRAPHS, width: number, height: number): Sharp {
  return sharp(join(import.meta.dirname, "samples", PHOTOGRAPHS[name]))
    .resize(width, height, { fit: "cover" })
    .withExif({ IFD0: { Make: "Prewarm", Model: "Sample", Artist: "A name" } });
}

/** A photograph of 24 megapixels, as a camera makes it. */
export function camera(): Promise<Buffer> {
  return photograph("canyon", 6000, 4000).jpeg({ quality: 90 }).toBuffer();
}

/** Stored sideways with EXIF orientation 6, as phones do: upright it is a portrait. */
async function sideways(): Promise<Buffer> {
  // In two steps: in one, sharp would turn before it crops.
  const upright = await photograph("flower", 1200, 1800).png().toBuffer();
  return sharp(upright).rotate(-90).jpeg({ quality: 85 }).withMetadata({ orientation: 6 }).toBuffer();
}

/** A round cut-out: corners fully transparent. */
function cutOut(): Promise<Buffer> {
  const circle = Buffer.from('<svg width="900" height="900"><circle cx="450" cy="450" r="440" fill="#fff"/></svg>');
  return photograph("leaves", 900, 900)
    .ensureAlpha()
    .composite([{ input: circle, blend: "dest-in" }])
    .png()
    .toBuffer();
}

async function animated(): Promise<Buffer> {
  const frames = await Promise.all(
    [0, 60, 120, 180].map((hue) => photograph("mountains", 320, 180).modulate({ hue, saturation: 3 }).png().toBuffer()),
  );
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: 200, loop: 0 })
    .toBuffer();
}

const vector = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><rect width="120" height="120" fill="#f6821f"/><circle cx="60" cy="60" r="36" fill="#fff"/></svg>',
);

export const SAMPLES: readonly Sample[] = [
  { id: "landscape.jpg", about: "24-megapixel landscape, JPEG, 6000 × 4000", make: camera },
  {
    id: "phone.jpg",
    about: "phone photograph, JPEG, 4208 × 3120",
    make: () => photograph("boats", 4208, 3120).jpeg({ quality: 85 }).toBuffer(),
  },
  { id: "portrait.jpg", about: "portrait by EXIF orientation 6, JPEG", make: sideways },
  {
    id: "hero.jpg",
    about: "web hero, JPEG, 1024 × 576",
    make: () => photograph("mountains", 1024, 576).jpeg({ quality: 90 }).toBuffer(),
  },
  { id: "cut-out.png", about: "PNG with transparency, 900 × 900", make: cutOut },
  {
    id: "faces.jpg",
    about: "24 cats, JPEG, 600 × 346",
    make: () => photograph("cats", 600, 346).jpeg({ quality: 90 }).toBuffer(),
  },
  {
    id: "small.jpg",
    about: "smaller than most rungs, JPEG, 120 × 80",
    make: () => photograph("canyon", 120, 80).jpeg().toBuffer(),
  },
  {
    id: "albums/été 2026/plage.webp",
    about: "nested UTF-8 id, WebP",
    make: () => photograph("boats", 1500, 1112).webp().toBuffer(),
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
