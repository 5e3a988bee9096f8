import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

/*
 * Four sites in one folder, each a folder with one page, as their makers write pages: a shop (`srcset`, `picture`), a magazine (backgrounds of
 * styles), a feed (a script loads images when they come near), and a WordPress.
 */

const SAMPLES = join(import.meta.dirname, "../../../../dev/samples");
const UPLOADS = "wp-content/uploads/2024/05";

const page = (title: string, body: string, head = ""): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}
<style>body{margin:0 auto;max-width:1100px}img{max-width:100%;height:auto}.c{display:grid;grid-template-columns:repeat(3,1fr);gap:20px}</style>
</head><body><h1>${title}</h1>${body}</body></html>\n`;

const photo = (n: number): string => `/photos/${n}.jpg`;
const small = (n: number): string => `/photos/${n}-640.jpg`;

const SHOP = page(
  "Shop",
  `<div class="c">
${[0, 1].map((n) => `<img srcset="${small(n)} 640w, ${photo(n)} 1600w" sizes="340px" src="${photo(n)}" width="340" height="227" alt="">`).join("\n")}
<picture><source media="(min-width: 700px)" srcset="${photo(2)}"><img src="${small(2)}" width="340" height="227" alt=""></picture>
</div><p><img src="${photo(3)}" width="1100" height="733" alt="The workshop"></p>`,
);

const MAGAZINE = page(
  "Magazine",
  `<p><img src="${photo(4)}" alt="The editor" width="400"></p>
<div class="c">${[0, 1, 2].map((n) => `<div class="card" style="background-image: url('${photo(n)}')"></div>`).join("")}</div>
<div class="card wide"></div>`,
  `<style>.card{height:220px;background-size:cover}.wide{background-image:url(${photo(5)})}</style>`,
);

const FEED = page(
  "Feed",
  `<p><img src="${photo(5)}" alt="First" width="1100"></p>
<div class="c">${[0, 1, 2, 3].map((n) => `<img class="lazy" data-src="${photo(n)}" width="340" height="227" alt="">`).join("\n")}</div>
<script>
const seen = new IntersectionObserver((found) => {
  for (const { isIntersecting, target } of found) if (isIntersecting) target.src = target.dataset.src;
}, { rootMargin: "2000px" });
for (const image of document.querySelectorAll(".lazy")) seen.observe(image);
</script>`,
);

const BLOG = page(
  "Blog",
  `<figure><img src="/${UPLOADS}/1-1024x683.jpg" srcset="/${UPLOADS}/1-1024x683.jpg 1024w, /${UPLOADS}/1-300x200.jpg 300w" sizes="(max-width: 1024px) 100vw, 1024px" width="1024" height="683" class="wp-image-7" alt=""></figure>
<figure><img src="/${UPLOADS}/2-300x200.jpg" srcset="/${UPLOADS}/2-300x200.jpg 300w, /${UPLOADS}/2-1024x683.jpg 1024w" sizes="300px" width="300" height="200" class="wp-image-8" alt=""></figure>
<figure><img src="/${UPLOADS}/3.jpg" width="1100" height="733" class="wp-image-9" alt="In an old post"></figure>
<p><img src="/photos/4.jpg" width="600" alt="Of the theme"></p>`,
);

/** The sites' names: paths are `/<name>/`. */
export const SITES = ["shop", "magazine", "feed", "blog"] as const;

const PAGES = {
  shop: SHOP,
  magazine: MAGAZINE,
  feed: FEED,
  blog: BLOG,
};

/** Writes the pages and their pictures; returns the ids of the originals, which are paths. */
export async function writeFourSites(folder: string): Promise<string[]> {
  for (const path of ["photos", UPLOADS, ...SITES]) mkdirSync(join(folder, path), { recursive: true });
  const links = SITES.map((name) => `<a href="/${name}/">${name}</a>`).join(" ");
  writeFileSync(join(folder, "index.html"), page("Four sites", links));
  for (const name of SITES) writeFileSync(join(folder, name, "index.html"), PAGES[name]);
  const samples = globSync("*.jpg", { cwd: SAMPLES }).toSorted();
  const cut = (sample: string, width: number, height: number) =>
    sharp(join(SAMPLES, sample)).resize(width, height).jpeg({ quality: 85 });
  const ids: string[] = [];
  for (const [n, sample] of samples.entries()) {
    await cut(sample, 1600, 1067).toFile(join(folder, `photos/${n}.jpg`));
    await cut(sample, 640, 427).toFile(join(folder, `photos/${n}-640.jpg`));
    ids.push(`photos/${n}.jpg`, `photos/${n}-640.jpg`);
    const isUpload = n >= 1 && n <= 3;
    if (!isUpload) continue;
    await cut(sample, 1600, 1067).toFile(join(folder, UPLOADS, `${n}.jpg`));
    await cut(sample, 1024, 683).toFile(join(folder, UPLOADS, `${n}-1024x683.jpg`));
    await cut(sample, 300, 200).toFile(join(folder, UPLOADS, `${n}-300x200.jpg`));
    ids.push(`${UPLOADS}/${n}.jpg`);
  }
  return ids;
}
