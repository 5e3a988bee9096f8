import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { ipx } from "../src/ipx.ts";
import { netlify } from "../src/netlify.ts";
import { next } from "../src/next.ts";
import { bunny, fastly, imagekit, keycdn, shopify } from "../src/query.ts";
import type { LegacyService } from "../src/service.ts";
import { wordpress } from "../src/wordpress.ts";

/* The table of parameters in docs/moving-from.md says what each becomes. */

const CONFIG = defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
  presets: { card: "w=640&h=480&f=auto" },
  pages: { ratios: ["4:3"], formats: ["auto", "jpeg"] },
});
const hosts = ["a.test"];

/** A service, and the path of a picture 640 px wide with one parameter more. */
const SERVICES: Record<string, [LegacyService, (parameter: string) => string]> = {
  Cloudinary: [cloudinary(), (it) => `/demo/image/upload/w_640,f_auto/${it}/a.jpg`],
  imgix: [imgix({ hosts }), (it) => `/a.jpg?${it.includes("w=") ? "" : "w=640&"}auto=format&${it}`],
  "Cloudflare Images": [
    cloudflareImages({ account: "x" }),
    (it) => (it.startsWith("/") ? `/x/a${it}` : `/cdn-cgi/image/width=640,format=auto,${it}/a.jpg`),
  ],
  Netlify: [netlify(), (it) => `/.netlify/images?url=/a.jpg&w=640&${it}`],
  "next/image": [next(), (it) => `/_next/image?url=/a.jpg&w=640&${it}`],
  ipx: [ipx(), (it) => `/_ipx/w_640,f_auto,${it}/a.jpg`],
  WordPress: [wordpress(), (it) => `/wp-content/uploads/a${it}.jpg`],
  ImageKit: [imagekit({ hosts }), (it) => `/tr:w-640,${it}/a.jpg`],
  Bunny: [bunny({ hosts }), (it) => `/a.jpg?width=640&${it}`],
  Fastly: [fastly({ hosts }), (it) => `/a.jpg?width=640&auto=webp&${it}`],
  KeyCDN: [keycdn({ hosts }), (it) => `/a.jpg?width=640&${it}`],
  Shopify: [shopify(), (it) => `/cdn/shop/a${it.startsWith("_") ? `${it}.jpg` : `.jpg?width=640&${it}`}`],
};
const WORDS = ["exact", "approximate", "unsupported", "refused"];

it.each(Object.entries(SERVICES))("what old URLs of %s become is what the table says", (name, [service, pathOf]) => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/moving-from.md"), "utf8");
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} | \``)) ?? "";
  const said = row
    .split(" | ")
    .slice(1)
    .flatMap((cell, at) => [...cell.matchAll(/`([^`]+)`/g)].map(([, parameter = ""]) => [parameter, WORDS[at]]));
  const read = said.map(([parameter = ""]) => {
    // A name has a size of its own.
    const path = parameter.endsWith("card")
      ? pathOf(parameter).replace(/w_640,f_auto\/|w-640,|width=640&/, "")
      : pathOf(parameter);
    return [parameter, service.read(new URL(`https://a.test${path}`), CONFIG)?.exactness];
  });
  expect(said.length).toBeGreaterThan(3);
  expect(read).toEqual(said);
});
