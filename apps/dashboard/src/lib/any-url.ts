/** An image that an address names. */
export interface NamedImage {
  id: string;
  /** The version, or null. */
  v: string | null;
}

const PATH = "/images/";
/** What ends an address in a text, or a candidate of a srcset. */
const AROUND = /[\s"'<>]/;
const CLOSING = [",", ";", ")", "]"];

/** The images whose addresses at an edge stand in a text: an address, a srcset, a piece of a page. Each once, in order. */
export function imagesIn(text: string): NamedImage[] {
  const found = text.split(AROUND).flatMap((word) => {
    let address = word.slice(Math.max(0, word.indexOf("http")));
    while (CLOSING.includes(address.at(-1) ?? "")) address = address.slice(0, -1);
    return (address.startsWith("http") && imageOf(address)) || [];
  });
  return [...new Map(found.map((image) => [`${image.v} ${image.id}`, image])).values()];
}

function imageOf(address: string): NamedImage | null {
  try {
    const { pathname, searchParams } = new URL(address.replaceAll("&amp;", "&"));
    const segments = pathname
      .slice(pathname.indexOf(PATH) + PATH.length)
      .split("/")
      .map(decodeURIComponent);
    return pathname.includes(PATH) && !segments.includes("")
      ? { id: segments.join("/"), v: searchParams.get("v") }
      : null;
  } catch {
    return null;
  }
}

/** Whether a text that is no address may be an image's id: it has a folder or an extension, and no blank. */
export function isLikeId(text: string): boolean {
  return /^\S+$/.test(text) && /\/|\.[a-z0-9]{2,5}$/i.test(text);
}
