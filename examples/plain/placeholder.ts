import { createPrewarm } from "@prewarm/client";
// prewarm info photo.jpg --json > images.json
import known from "./images.json" with { type: "json" };

const prewarm = createPrewarm({ baseUrl: "https://images.example.com" });

/** Each image over its own tiny picture, in its own shape. No script is needed. */
export const page = known.images.map((image) => prewarm.img(image, { width: 720, alt: "", placeholder: true }));

/** The same where the page's policy forbids inline styles: one sheet with the page's nonce. */
export function sheet(nonce: string): string {
  const rules = known.images.map(({ id, lqip }) => {
    const [address] = prewarm.imageUrl(id).split("?");
    return `img[src^="${address}?"] { background: url(${lqip}) center/cover }`;
  });
  return `<style nonce="${nonce}">${rules.join("\n")}</style>`;
}
