// Every entry of the package as it is installed, in whatever runs this: what it prints must be the same everywhere (scripts/try-runtimes.ts).
import { createCore, createPrewarm } from "@prewarm/client";
import astro from "@prewarm/client/astro";
import { definePrewarmImg } from "@prewarm/client/element";
import { eleventyOptions } from "@prewarm/client/eleventy";
import { createLoader, withPrewarm } from "@prewarm/client/next";
import nuxt from "@prewarm/client/nuxt";
import { signAttrs, signAttrsSync, signImage, signUrl } from "@prewarm/client/server";
import { handleImages } from "@prewarm/client/sw";
import { breakpoints, createTransformer } from "@prewarm/client/unpic";

const options = { baseUrl: "https://images.example.com", presets: { card: "w=640&h=480&f=auto" } };
const prewarm = createPrewarm(options);
const photo = { id: "für/50% off #1.jpg", width: 2400, height: 1600, v: "2", lqip: "data:image/webp;base64,UklG" };
const box = { width: 720, alt: `"><script>`, placeholder: true };
const size = { width: 800, height: 600 };
const imageConfig = { service: { config: options } };
const attributes = prewarm.attrs(photo, box);
globalThis.fetch = async () => Response.json({ id: photo.id, ...size, widths: [320] });
definePrewarmImg();
prewarm.upgrade()();

console.log(
  JSON.stringify(
    [
      prewarm.imageUrl(photo, { width: 400, dpr: 2, quality: 50 }),
      createCore(options).srcset(photo, { ratio: "4:3" }),
      prewarm.img(photo, box),
      prewarm.picture(photo, {
        ...box,
        art: [{ media: "(max-width: 600px)", ratio: "1:1" }],
        formats: ["avif", "webp"],
      }),
      prewarm.preload(photo, box),
      prewarm.imageSet(photo, { width: 320 }),
      prewarm.og(photo),
      [...(await prewarm.info([photo.id]))],
      await signAttrs(attributes, "key"),
      signAttrsSync(attributes, "key"),
      await signUrl("https://images.example.com/images/a?w=5&h=7", "key", { lifetime: 60, now: 1_800_000_000 }),
      await signImage(photo, "key", { lifetime: 60, now: 1_800_000_000 }),
      createLoader(options)({ src: "/a.jpg?v=2", width: 640 }),
      withPrewarm({}, options).images,
      nuxt().getImage("/a.jpg", { ...options, modifiers: size }),
      astro.getSrcSet({ src: "/a.jpg", ...size, widths: [300, 640] }, imageConfig),
      await astro.getRemoteSize("https://images.example.com/images/a.jpg", imageConfig),
      createTransformer(options)(new URL("https://images.example.com/images/a.jpg"), size),
      breakpoints(options),
      eleventyOptions(options).urlFormat({ src: "./a.jpg", width: 320 }),
      typeof handleImages(options),
    ],
    null,
    1,
  ),
);
