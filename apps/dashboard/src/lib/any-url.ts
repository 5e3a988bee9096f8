/** An image that an address names. */
export interface NamedImage {
  id: string;
  /** The version, or null. */
  v: string | null;
}

/** An address of the edge, read. */
export interface Asked extends NamedImage {
  /** The transform as the address writes it, such as `w=800&f=auto`; empty: the default. */
  query: string;
  /** The address has a signature. */
  signed: boolean;
}

/** What a transform is written with. `packages/shared` has the same list beside rules that the page does not need. */
export const TRANSFORM_NAMES = ["w", "h", "fit", "pos", "q", "f", "dpr", "p"];
const PATH = "/images/";
/** What ends an address in a text, or a candidate of a srcset. */
const AROUND = /[\s"'<>]/;
const CLOSING = [",", ";", ")", "]"];
/** An address begins with its scheme, or with the path of images at a word's start, as in `url(/images/a)` and `src=/images/a`. */
const START = /https?:\/\/|(?<=^|[(=])\/images\//;
const SIGNATURE = "s";

/** The images that a text asks the edge for, each with its transform: addresses, srcsets, HTML, CSS, sitemaps. Each once, in order. */
export function askedIn(text: string): Asked[] {
  const found = text.split(AROUND).flatMap((word) => {
    const start = word.search(START);
    let address = start === -1 ? "" : word.slice(start);
    while (CLOSING.includes(address.at(-1) ?? "")) address = address.slice(0, -1);
    return (address !== "" && readAddress(address)) || [];
  });
  return [...new Map(found.map((one) => [`${one.v} ${one.id} ${one.query}`, one])).values()];
}

/** The same images without their transforms, each once. */
export function imagesIn(text: string): NamedImage[] {
  return [...new Map(askedIn(text).map(({ id, v }) => [`${v} ${id}`, { id, v }])).values()];
}

function readAddress(address: string): Asked | null {
  try {
    const { pathname, searchParams } = new URL(address.replaceAll("&amp;", "&"), "https://edge.invalid");
    const segments = pathname
      .slice(pathname.indexOf(PATH) + PATH.length)
      .split("/")
      .map(decodeURIComponent);
    if (!pathname.includes(PATH) || segments.includes("")) return null;
    const query = TRANSFORM_NAMES.filter((name) => searchParams.has(name))
      .map((name) => `${name}=${encodeURIComponent(searchParams.get(name) ?? "")}`)
      .join("&");
    return { id: segments.join("/"), v: searchParams.get("v"), query, signed: searchParams.has(SIGNATURE) };
  } catch {
    return null;
  }
}

/** Whether a text that is no address may be an image's id: it has a folder or an extension, and no blank. */
export function isLikeId(text: string): boolean {
  return /^\S+$/.test(text) && !/^https?:/i.test(text) && /\/|\.[a-z0-9]{2,5}$/i.test(text);
}

/** The text is one address on the web that names no image: a page's or a sitemap's. */
export function isElsewhere(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text.trim()) && askedIn(text).length === 0;
}

/** Longest text that the address of a page holds, in characters. A longer one is kept with the history entry. */
const IN_ADDRESS_MAX = 1_500;

/** Where the images of a text are looked for, or what viewers get of its addresses; and what goes with the history entry. */
export function searchPlace(text: string, sort?: string): [url: string, state?: { text: string }] {
  const isLong = text.length > IN_ADDRESS_MAX;
  const query = new URLSearchParams({ ...(sort ? { sort } : {}), ...(isLong || text === "" ? {} : { search: text }) });
  const url = query.size === 0 ? "/images" : `/images?${query}`;
  return isLong ? [url, { text }] : [url];
}
