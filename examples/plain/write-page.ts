// A page of eight images: `write-page.ts [where images are served]` prints it.
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";

/** What a site knows of its images, from its CMS, its database or `info`. Sizes are the originals', upright. */
const landscape = { id: "landscape.jpg", width: 6000, height: 4000 };
const phone = { id: "phone.jpg", width: 4208, height: 3120 };
const portrait = { id: "portrait.jpg", width: 1200, height: 1800 };
const hero = { id: "hero.jpg", width: 1024, height: 576 };
const cutOut = { id: "cut-out.png", width: 900, height: 900 };
const beach = { id: "albums/été 2026/plage.webp", width: 1500, height: 1112, v: "2" };

export function writePage(baseUrl: string): string {
  const prewarm = createPrewarm({ baseUrl });
  const title = { width: 800, alt: "A landscape", priority: true } as const;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Eight images</title>
<link rel="icon" href="data:,">
${prewarm.preload(landscape, title)}
<style>
body { max-width: 800px; margin: auto }
img { max-width: 100%; height: auto }
.banner { height: 120px; background: ${prewarm.imageSet(hero, { width: 800 })} center/cover }
</style>
</head>
<body>
<h1>Eight images</h1>
${prewarm.img(landscape, title)}
<p>In a row, each as wide as a third of the page:</p>
${prewarm.img(phone, { width: 256, alt: "From a phone" })}
${prewarm.img(portrait, { width: 256, alt: "Upright" })}
${prewarm.img(cutOut, { width: 256, alt: "Cut out" })}
<p>Known by its id only, so its shape is told:</p>
${prewarm.img("faces.jpg", { width: 600, height: 346, alt: "Faces" })}
<p>A narrow cut of it for narrow screens:</p>
${prewarm.picture(hero, { width: 800, alt: "A hero", art: [{ media: "(max-width: 600px)", width: 480, sizes: "100vw" }] })}
<p>Odd letters and a version:</p>
${prewarm.img(beach, { width: 400, alt: "On the beach" })}
<p>What is shown as it is:</p>
${prewarm.img("logo.svg", { width: 120, height: 120, alt: "A logo" })}
<div class="banner"></div>
</body>
</html>
`;
}

if (import.meta.main) process.stdout.write(writePage(process.argv[2] ?? "http://localhost:8787"));
