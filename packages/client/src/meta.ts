import { isPassThrough } from "./image-url.ts";
import { og, print } from "./markup.ts";
import type { ImageRef, Settings } from "./public-config.ts";
import { demand } from "./words.ts";

export interface MetaOptions {
  /** What the picture shows, in words. */
  alt?: string | undefined;
  v?: string | undefined;
}

/** What is known of the picture of a page. */
export interface MetaImage {
  url: string;
  /** Such as `image/jpeg`; undefined where the format is negotiated. */
  type: string | undefined;
  /** In px; undefined where the ref does not tell the original's size, and the picture is no crop. */
  width: number | undefined;
  height: number | undefined;
  alt: string | undefined;
}

/** Markup for the head of a page, escaped; and the same as data, for frameworks that write the head themselves. */
export interface Meta {
  image: MetaImage;
  /** Open Graph: `<meta property="og:image" …>` and what belongs to it. */
  og: string;
  /** A large card: `<meta name="twitter:image" …>` and what belongs to it. */
  twitter: string;
  /** An `ImageObject` of schema.org in a `<script>`. */
  jsonLd: string;
}

/** What a page says of its picture to those who link to it: all of it names the URL of `og`. */
export function meta(settings: Settings, ref: ImageRef, { alt, v }: MetaOptions = {}): Meta {
  const { baseUrl } = settings;
  demand(baseUrl, /^https?:/.test(baseUrl), "an address for crawlers: baseUrl needs https://");
  const url = og(settings, ref, v === undefined ? {} : { v });
  const image: MetaImage = { url, ...pictureOf(settings, ref, url), alt };
  const { type, width, height } = image;
  const object = { "@type": "ImageObject", contentUrl: url, encodingFormat: type, width, height, caption: alt };
  const json = JSON.stringify({ "@context": "https://schema.org", ...object });
  return {
    image,
    og: tags("property", { "": url, ":type": type, ":width": width, ":height": height, ":alt": alt }, "og:image"),
    twitter: tags("name", { card: "summary_large_image", image: url, "image:alt": alt }, "twitter:"),
    // No text of JSON may end the script, or begin a comment in it.
    jsonLd: `<script type="application/ld+json">${json.replace(/</g, "\\u003c")}</script>`,
  };
}

/** The type and size of the picture behind a URL of ours: nothing is ever enlarged. */
function pictureOf(settings: Settings, ref: ImageRef, url: string): Pick<MetaImage, "type" | "width" | "height"> {
  const given = new URLSearchParams(url.split("?")[1]);
  const asked = given.has("p") ? new URLSearchParams(settings.presets[given.get("p") ?? ""]) : given;
  const [w, h, f = "auto"] = ["w", "h", "f"].map((name) => asked.get(name) ?? undefined);
  const type = f === "auto" ? undefined : `image/${f}`;
  const shape = Number(h ? Number(w) / Number(h) : Number(ref.width) / Number(ref.height));
  if (!w || !(shape > 0) || asked.has("fit") || isPassThrough(settings, ref))
    return { type, width: undefined, height: undefined };
  const width = Math.round(Math.min(Number(w), ref.width ?? 1 / 0, (ref.height ?? 1 / 0) * shape));
  return { type, width, height: Math.round(width / shape) };
}

function tags(name: string, contents: Record<string, unknown>, prefix: string): string {
  return Object.entries(contents)
    .map(([end, content]) => (content === undefined ? "" : print("meta", { [name]: prefix + end, content })))
    .join("");
}
