import Image from "@11ty/eleventy-img";
import { eleventyOptions } from "@prewarm/client/eleventy";
import { options } from "./options.mjs";

const prewarm = eleventyOptions(options);

export default function (eleventy) {
  // The size of the original is told, so that nothing is downloaded while the site is built.
  eleventy.addShortcode("image", async (src, width, height, alt) => {
    const imageMetadataOverride = { width, height, format: "jpeg" };
    const stats = await Image(src, { ...prewarm, imageMetadataOverride, useCache: false });
    return Image.generateHTML(stats, {
      alt,
      sizes: "(min-width: 800px) 800px, 100vw",
      loading: "lazy",
      decoding: "async",
    });
  });
}
