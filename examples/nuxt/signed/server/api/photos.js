import { signImage } from "@prewarm/client/server";

/** The images of the page. A route that signs every id that it is asked for would open the whole site. */
const PHOTOS = {
  landscape: { id: "landscape.jpg" },
  phone: { id: "phone.jpg" },
  portrait: { id: "portrait.jpg", v: "2" },
  hero: { id: "hero.jpg" },
  cutOut: { id: "cut-out.png" },
  faces: { id: "faces.jpg" },
  beach: { id: "albums/été 2026/plage.webp" },
  logo: { id: "logo.svg" },
};

export default defineEventHandler(async () => {
  const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";
  const sources = Object.entries(PHOTOS).map(async ([name, { id, v = "" }]) => {
    const sig = await signImage({ id, v }, key, { lifetime: 86_400 });
    return [name, `/${id}?v=${v}&sig=${sig}`];
  });
  return Object.fromEntries(await Promise.all(sources));
});
