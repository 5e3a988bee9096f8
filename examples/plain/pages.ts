import { createPrewarm } from "@prewarm/client";

const prewarm = createPrewarm({ baseUrl: "https://images.example.com" });
const photo = { id: "photo.jpg", width: 2400, height: 1600 };

/** The image that is seen first, and what the head of the page says of it. */
export const first = {
  head: prewarm.preload(photo, { width: 720 }),
  body: prewarm.img(photo, { width: 720, alt: "The harbour at dawn", priority: true }),
};
/** Square on phones, whole elsewhere. */
export const cut = prewarm.picture(photo, {
  width: 720,
  alt: "The harbour at dawn",
  art: [{ media: "(max-width: 600px)", ratio: "1:1", width: 400, sizes: "100vw" }],
});
/** A card of a declared ratio. */
export const card = prewarm.img("other.jpg", { width: 320, ratio: "4:3", alt: "A boat" });
export const preview = prewarm.og(photo);
