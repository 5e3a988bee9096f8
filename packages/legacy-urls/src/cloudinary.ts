import type { Config } from "@prewarm/shared/config";
import type { Asked } from "./asked.ts";
import { isComponent, takeComponents } from "./cloudinary-components.ts";
import { askedAt } from "./hiding-query.ts";
import { decoded, idOfAddress, idOfPath } from "./image-of.ts";
import { createService, isSameText, type LegacyService, type SigningOptions, type Verdict } from "./service.ts";

interface CloudinaryOptions extends SigningOptions {
  /** The name of the cloud that stands first in the path. Default: any name, or none (`/image/upload/…`, a private CDN). */
  cloud?: string;
}

/** Cloudinary: `/demo/image/upload/c_fill,w_400,h_300/v1571218039/folder/photo.jpg`, signed by `s--…--`. Videos and raw files are none of its images. */
export function cloudinary(options: CloudinaryOptions = {}): LegacyService {
  return createService(
    {
      name: "cloudinary",
      parse(url, config) {
        const parts = split(url, options.cloud);
        const asked = parts === null ? null : imageOf(parts, [url.host, ...(options.hosts ?? [])], config);
        if (parts === null || asked === null) return null;
        takeComponents(asked, parts.components);
        return asked;
      },
      judge: (url, keys) => judge(split(url, options.cloud), keys),
    },
    options,
  );
}

/** An address, taken apart. */
interface Parts {
  /** `upload`, `private`, `authenticated` or `fetch`. */
  type: string;
  /** 8 or 32 characters of `s--…--`; null without one. */
  signature: string | null;
  /** The transformation, a component a part. */
  components: readonly string[];
  /** The public id with its extension, or the address that is fetched. */
  image: string;
  /** `/images/`: an invented name for search engines follows the public id. */
  hasSuffix: boolean;
}

function split(url: URL, cloud: string | undefined): Parts | null {
  const [, ...segments] = `${url.pathname}${url.search}`.split("/");
  const at = cloud === undefined && /^(image|images|iu)$/.test(segments[0] ?? "") ? 0 : 1;
  if (at === 1 && cloud !== undefined && segments[0] !== cloud) return null;
  const [kind = "", ...rest] = segments.slice(at);
  if (!/^(image|images|iu)$/.test(kind)) return null;
  const type = kind === "image" ? (rest.shift() ?? "") : "upload";
  if (!/^(upload|private|authenticated|fetch)$/.test(type)) return null;
  const signature = /^s--([\w-]{8}|[\w-]{32})--$/.exec(rest[0] ?? "")?.[1] ?? null;
  if (signature !== null) rest.shift();
  const isEnd = (segment: string, index: number): boolean => index === rest.length - 1 || !isComponent(segment);
  const count = rest.findIndex(isEnd);
  const components = rest.slice(0, Math.max(0, count));
  const image = rest.slice(components.length);
  if (image.length > 1 && /^v\d{1,20}$/.test(image[0] ?? "")) image.shift();
  const name = image.join("/");
  return {
    type,
    signature,
    components,
    hasSuffix: kind === "images",
    image: type === "fetch" ? name : (name.split("?", 1)[0] ?? ""),
  };
}

function imageOf({ type, image, hasSuffix }: Parts, hosts: readonly string[], config: Config): Asked | null {
  if (type !== "fetch") return askedAt(idOfPath(hasSuffix ? withoutSuffix(image) : image), "");
  const address = /^https?%3A/i.test(image) ? decoded(image) : image;
  return askedAt(idOfAddress(address, hosts, config), address);
}

/** `folder/photo/an-invented-name.jpg` is `folder/photo.jpg`. */
function withoutSuffix(image: string): string {
  const end = image.lastIndexOf("/");
  const dot = image.lastIndexOf(".");
  return end === -1 ? "" : image.slice(0, end) + (dot > end ? image.slice(dot) : "");
}

/** SHA-1 (8 characters), or SHA-256 (8 or 32), of the transformation and the image with the secret behind them, in base64url. The version is not in it. */
async function judge(parts: Parts | null, secrets: readonly string[]): Promise<Verdict> {
  const given = parts?.signature ?? null;
  if (parts === null || given === null) return "absent";
  const text = [...parts.components, parts.image].join("/");
  const verdicts = await Promise.all(
    secrets.flatMap((secret) =>
      ["SHA-1", "SHA-256"].map(async (hash) => {
        const digest = await crypto.subtle.digest(hash, new TextEncoder().encode(text + secret));
        const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
        const made = base64.replaceAll("+", "-").replaceAll("/", "_").slice(0, given.length);
        return isSameText(made, given);
      }),
    ),
  );
  return verdicts.includes(true) ? { expires: null } : "bad";
}
