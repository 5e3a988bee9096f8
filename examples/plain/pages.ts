import { createMeta, createPrewarm } from "@prewarm/client";

const site = { baseUrl: "https://images.example.com" };
const prewarm = createPrewarm(site);
const photo = { id: "photo.jpg", width: 2400, height: 1600 };

/** The image that is seen first, and what the head of the page says of it. */
export const first = {
  head: prewarm.preload(photo, { width: 720 }),
  body: prewarm.img(photo, { width: 720, alt: "The harbour at dawn", priority: true }),
};
/** On phones square where uploads crop to 1:1 (`pages.ratios`), whole elsewhere. */
export const cut = prewarm.picture(photo, {
  width: 720,
  alt: "The harbour at dawn",
  art: [{ media: "(max-width: 600px)", ratio: "1:1", width: 400, sizes: "100vw" }],
});
/** Another image for dark mode. */
export const scheme = prewarm.picture(photo, {
  width: 720,
  alt: "The harbour",
  art: [{ media: "(prefers-color-scheme: dark)", ref: { id: "night.jpg", width: 2400, height: 1600 } }],
});
/** A card of a declared ratio, which CSS crops where uploads do not. */
export const card = prewarm.img("other.jpg", { width: 320, ratio: "4:3", alt: "A boat" });
/** For the head: `og`, `twitter` and `jsonLd` are markup, and `image` is the same as data. */
export const preview = createMeta(site)(photo, { alt: "The harbour at dawn" });
