import { createPrewarm } from "@prewarm/client";

const prewarm = createPrewarm({ baseUrl: process.env.PREWARM_URL });

/** A published page as HTML. `prewarm` of an upload is a ref: it has id, version and size. */
export async function writePage(payload, id) {
  const { title, hero } = await payload.findByID({ collection: "pages", id, depth: 1 });
  const image = hero.prewarm;
  return `<!doctype html><title>${title}</title>
${prewarm.preload(image, { width: 720 })}
${prewarm.img(image, { width: 720, alt: hero.alt, priority: true })}
<img src="${image.src}" srcset="${image.srcset}" sizes="100vw" alt="">
<meta property="og:image" content="${prewarm.og(image)}">`;
}
