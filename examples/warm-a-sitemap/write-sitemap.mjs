// A site's build step: one <url> a page, one <image:loc> an image, as the page will ask for it.
//   node write-sitemap.mjs https://www.example.com https://images.example.com > sitemap.xml
import { readFileSync } from "node:fs";

const [site, edge] = process.argv.slice(2);
const pages = JSON.parse(readFileSync(new URL("pages.json", import.meta.url), "utf8"));

const xml = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const path = (id) => id.split("/").map(encodeURIComponent).join("/");
const image = (id) =>
  `<image:image><image:loc>${xml(`${edge}/images/${path(id)}?w=400&f=webp`)}</image:loc></image:image>`;
const url = (page) => `<url><loc>${xml(encodeURI(site + page.path))}</loc>${page.images.map(image).join("")}</url>`;

console.log(`<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
${pages.map(url).join("\n")}
</urlset>`);
