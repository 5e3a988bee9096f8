import { parseId } from "@prewarm/shared/image-id";

/** An image that an address names. */
export interface NamedImage {
  id: string;
  /** The version, or null. */
  v: string | null;
}

/** Up to a blank or what HTML and CSS put around an address; a comma ends a candidate of a srcset. */
const ADDRESS = /https?:\/\/[^\s"'<>]+?\/images\/[^\s"'<>]+/g;

/** The images whose addresses at an edge stand in a text: an address, a srcset, a piece of a page. Each once, in order. */
export function imagesIn(text: string): NamedImage[] {
  const found = [...text.matchAll(ADDRESS)].flatMap(([address]) => imageOf(address.replace(/[,;)\]]+$/, "")) ?? []);
  return [...new Map(found.map((image) => [`${image.v} ${image.id}`, image])).values()];
}

function imageOf(address: string): NamedImage | null {
  try {
    const { pathname, searchParams } = new URL(address.replaceAll("&amp;", "&"));
    const id = parseId(pathname.slice(pathname.indexOf("/images/") + "/images/".length));
    return { id, v: searchParams.get("v") };
  } catch {
    return null;
  }
}

/** Whether a text that is no address may be an image's id: it has a folder or an extension, and no blank. */
export function isLikeId(text: string): boolean {
  return /^\S+$/.test(text) && /\/|\.[a-z0-9]{2,5}$/i.test(text);
}
