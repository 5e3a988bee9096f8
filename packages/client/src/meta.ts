import { isPassThrough } from "./image-url.ts";
import { og, print } from "./markup.ts";
import type { ImageRef, Settings } from "./public-config.ts";
import { demand } from "./words.ts";

export interface MetaOptions {
  /** A description of the picture. */
  alt?: string | undefined;
  v?: string | undefined;
}

/** The facts of the picture of a page. */
export interface MetaImage {
  url: string;
  /** Such as `image/jpeg`; undefined if the format is negotiated. */
  type: string | undefined;
  /** In px; undefined if the ref has no size and the picture is no crop. */
  width: number | undefined;
  height: number | undefined;
  alt: string | undefined;
}

/** Escaped markup for the head of a page, and the same as data for frameworks that write the head. */
export interface Meta {
  image: MetaImage;
  /** Open Graph: `<meta property="og:image" …>` and its properties. */
  og: string;
  /** A large card: `<meta name="twitter:image" …>` and its properties. */
  twitter: string;
  /** An `ImageObject` of schema.org in a `<script>`. */
  jsonLd: string;
}

/** Describes the picture of a page for pages that link to it. All of it names the URL of `og`. */
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
    // Escaped, so that no text ends the script or begins a comment in it.
    jsonLd: `<script type="application/ld+json">${json.replace(/</g, "\\u003c")}</script>`,
  };
}

/** The type and size of the picture of a URL. Nothing is enlarged. */
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
