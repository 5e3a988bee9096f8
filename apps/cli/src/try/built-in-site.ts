import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/*
 * A site of ten pages with the sample pictures of the local stack, for a first look without a network. Its images stand in pages as they do in
 * real ones: with and without sizes, with a `srcset`, in a `picture`, behind a style, loaded by a script; and they are far too large.
 */

interface Story {
  name: string;
  title: string;
  /** Its picture below `photos/`. */
  photo: string;
  text: string;
}

const STORIES: readonly Story[] = [
  {
    name: "canyon",
    title: "A morning at the black canyon",
    photo: "landscape.jpg",
    text: "The river is two thousand feet below, and the sun reaches it for half an hour a day.",
  },
  {
    name: "boats",
    title: "The boats of Nagasaki",
    photo: "phone.jpg",
    text: "Before the harbour was filled in, every errand began with a walk to the water.",
  },
  {
    name: "flower",
    title: "A flower that grows on scree",
    photo: "portrait.jpg",
    text: "It waits under the snow for nine months, and blooms in three weeks.",
  },
  {
    name: "alps",
    title: "Three passes in four days",
    photo: "hero.jpg",
    text: "The second pass is the long one. Take water with you, because the spring is dry in August.",
  },
  {
    name: "leaves",
    title: "Leaves that became columns",
    photo: "cut-out.png",
    text: "A basket, a tile and a plant made the capital of a column, says Vitruvius.",
  },
  {
    name: "cats",
    title: "Twenty-four steps of a cat",
    photo: "faces.jpg",
    text: "Muybridge put up twenty-four cameras, and the cat walked past them once.",
  },
];

const STYLE = `body { margin: 0 0 80px; font: 18px/1.6 Georgia, serif; color: #222; background: #faf8f4; }
header { display: flex; gap: 24px; align-items: center; padding: 14px 24px; background: #fff; border-bottom: 1px solid #ddd; }
header a { color: #444; } header img { width: 40px; height: 40px; }
main { max-width: 1080px; margin: 0 auto; padding: 0 20px; } img { max-width: 100%; height: auto; }
.cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: 20px; } .cards img { width: 100%; aspect-ratio: 3/2; object-fit: cover; }
.cards a { color: inherit; } .banner { height: 260px; background: url(photos/hero.jpg) center/cover; }
@media (max-width: 700px) { .cards { grid-template-columns: 1fr; } }
`;

/** The pages' files by name. */
export function builtInPages(): Map<string, string> {
  const cards = STORIES.map(
    ({ name, title, photo }) =>
      `<a href="${name}.html"><img src="photos/${photo}" width="600" height="400" alt="${title}"><h3>${title}</h3></a>`,
  ).join("\n");
  const [first, second, third] = STORIES;
  return new Map([
    ["style.css", STYLE],
    [
      "index.html",
      page(
        "Harbour & Hill",
        `<img src="photos/landscape.jpg" width="1080" height="720" alt="A canyon"><p>Six stories with too large pictures.</p>
<div class="cards">${cards}</div>`,
      ),
    ],
    ...STORIES.map(({ name, title, photo, text }): [string, string] => [
      `${name}.html`,
      page(title, `<p><img src="photos/${photo}" alt="${title}"></p><p>${text}</p>`),
    ]),
    [
      "gallery.html",
      page(
        "Gallery",
        `<div class="cards">
<img srcset="photos/hero.jpg 1024w, photos/phone.jpg 4208w" sizes="340px" src="photos/phone.jpg" alt="${second?.title}">
<picture><source media="(min-width: 1px)" srcset="photos/landscape.jpg"><img src="photos/small.jpg" alt="${first?.title}"></picture>
<img data-src="photos/portrait.jpg" alt="${third?.title}"></div>
<img src="photos/waving.gif" alt="An animation">
<script>for (const image of document.querySelectorAll("[data-src]")) image.src = image.dataset.src;</script>`,
      ),
    ],
    ["about.html", page("About", `<div class="banner"></div><p>Two people write this, beside other work.</p>`)],
    ["contact.html", page("Contact", `<p><img src="photos/faces.jpg" width="300" alt="Cats"></p><p>Write to us.</p>`)],
  ]);
}

function page(title: string, body: string): string {
  const name = title.replaceAll("&", "&amp;");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${name}</title><link rel="stylesheet" href="style.css"></head><body>
<header><img src="photos/logo.svg" alt=""><a href="index.html">Stories</a> <a href="gallery.html">Gallery</a>
<a href="about.html">About</a> <a href="contact.html">Contact</a></header>
<main><h1>${name}</h1>${body}</main></body></html>
`;
}

/** Writes the site into a folder. `prepareSamples` makes its pictures. */
export async function writeBuiltInSite(
  folder: string,
  prepareSamples: (folder: string) => Promise<unknown>,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of builtInPages()) writeFileSync(join(folder, name), text);
  await prepareSamples(join(folder, "photos"));
}
