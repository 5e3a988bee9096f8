import { isPassThrough } from "./image-url.ts";
import type { ImageInfo } from "./info.ts";
import { AS_IMAGE } from "./probe.ts";
import { type ClientOptions, readOptions } from "./public-config.ts";

/*
 * Shows the state and the cost of each image of a page, for development. It asks by HEAD, which orders no variant and
 * counts no view, and reads the browser's notes of the page's own requests. Pages for visitors must not load it.
 */

/** As for `createPrewarm`. */
export interface InspectOptions extends ClientOptions {
  /** Pixels to a CSS px. Default: the screen's. */
  density?: number;
}

/** The facts of one `<img>`. */
export interface ImageFacts {
  /** The URL that the browser chose. */
  url: string;
  /**
   * The source of the answer to the page's own request: the browser's cache, the edge's, R2, a stand-in, or the
   * original. `unknown`: the browser has no note of it.
   */
  shown: "browser" | "cache" | "r2" | "stand-in" | "original" | "unknown";
  /**
   * The edge's answer now: the variant is stored or not, the original is shown as it is, the URL is refused, or there
   * is no answer.
   */
  now: "warm" | "cold" | "passed through" | "refused" | "unreachable";
  /** The picture's width in pixels; null: not known. */
  width: number | null;
  /** The width of its box in pixels of this screen. */
  needed: number;
  /** Of the picture that was shown; null: not known. */
  bytes: number | null;
  /** Of the original; null: not known until a variant is stored. */
  originalBytes: number | null;
  /** Advice for the page, a sentence each. */
  advice: string[];
}

/** Inspects one image of the edge. Null: it is not of the edge, or the browser has chosen no URL yet. */
export async function inspectImage(image: HTMLImageElement, options: InspectOptions): Promise<ImageFacts | null> {
  const settings = readOptions(options);
  const base = new URL(`${settings.baseUrl}/`, document.baseURI).href;
  const url = image.currentSrc;
  if (!url.startsWith(`${base}images/`)) return null;
  const path = url.slice(`${base}images/`.length).split("?")[0] ?? "";
  const [answer, info] = await Promise.all([
    fetch(url, { ...AS_IMAGE, method: "HEAD", cache: "no-store" }).catch(() => null),
    infoOf(`${base}info/${path}`),
  ]);
  // The browser also notes the requests of this module.
  const entries = performance.getEntriesByName(url, "resource") as PerformanceResourceTiming[];
  const noted = entries.findLast(({ initiatorType }) => initiatorType === "img");
  const now = isPassThrough(settings, { id: path }) ? "passed through" : nowOf(answer);
  const shown = shownOf(noted);
  const originalBytes = info?.bytes ?? null;
  const isVariant = ["browser", "cache", "r2"].includes(shown);
  const facts = {
    url,
    shown,
    now,
    originalBytes,
    width: shown === "original" ? (info?.width ?? null) : isVariant ? widthOf(url, info) : null,
    needed: Math.round(image.getBoundingClientRect().width * (options.density ?? devicePixelRatio)),
    // Browsers hide the sizes of answers of another origin, but not the headers of a request that it allows.
    bytes: shown === "original" ? originalBytes : isVariant && now === "warm" ? lengthOf(answer) : null,
  };
  return { ...facts, advice: adviceFor(image, facts) };
}

function lengthOf(answer: Response | null): number | null {
  return Number(answer?.headers.get("content-length")) || null;
}

async function infoOf(url: string): Promise<ImageInfo | null> {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}

function nowOf(answer: Response | null): ImageFacts["now"] {
  if (answer === null) return "unreachable";
  if (answer.type === "opaqueredirect") return "cold";
  if (answer.status >= 400) return answer.status >= 500 ? "unreachable" : "refused";
  return /hit$/.test(answer.headers.get("cache-status") ?? "") ? "warm" : "cold";
}

/** The source of an answer, by the steps of `Server-Timing`. A redirect to a host that hides its times has none. */
function shownOf(noted: PerformanceResourceTiming | undefined): ImageFacts["shown"] {
  if (noted === undefined) return "unknown";
  const steps = noted.serverTiming.map(({ name }) => name);
  if (steps.length === 0) return "original";
  if (noted.transferSize === 0) return "browser";
  if (steps.includes("info")) return "stand-in";
  return steps.includes("r2") ? "r2" : "cache";
}

/** The picture's width, because nothing is enlarged. */
function widthOf(url: string, info: ImageInfo | null): number | null {
  const asked = Number(new URL(url).searchParams.get("w"));
  const most = info?.width ?? asked;
  return asked > 0 ? Math.min(asked, most) : null;
}

/** Requests that the browser notes: those of a long page, and one of this module for each image. */
export const NOTED_MAX = 10_000;

/** A picture with more than twice the pixels of its box wastes bytes. */
const TOO_WIDE = 2;

function adviceFor(image: HTMLImageElement, { shown, now, width, needed }: Omit<ImageFacts, "advice">): string[] {
  // `sizes` does not change the width of an original.
  const isTooWide = shown !== "original" && width !== null && needed > 0 && width > TOO_WIDE * needed;
  const has = (name: string): boolean => image.hasAttribute(name);
  return [
    !(has("width") && has("height")) && "It has no width and height: the page jumps when it comes.",
    now === "refused" && "The URL is refused: ask for what the configuration allows, or sign it.",
    isTooWide && "It is far wider than its box: say sizes.",
    now === "cold" && has("crossorigin") && "Cold and crossorigin: the originals' host must allow every origin.",
    image.loading === "lazy" && image.fetchPriority === "high" && "It is lazy and has high priority: one is wrong.",
  ].filter((text) => text !== false);
}

const SHOWN: Record<ImageFacts["shown"], string> = {
  browser: "browser cache",
  cache: "edge cache",
  r2: "R2",
  "stand-in": "another variant",
  original: "the original",
  unknown: "shown",
};

/** The facts as one line: `R2 · warm · 640 of 780 px · 18 kB, 99 % less`. */
export function factsLine({ shown, now, width, needed, bytes, originalBytes }: ImageFacts): string {
  const size = bytes === null ? null : `${Math.ceil(bytes / 1000)} kB`;
  const saved = bytes !== null && originalBytes !== null && bytes < originalBytes ? 1 - bytes / originalBytes : null;
  return [
    SHOWN[shown],
    now,
    width === null ? `for ${needed} px` : `${width} for ${needed} px`,
    saved === null ? size : `${size}, ${Math.floor(saved * 100)} % less`,
  ]
    .filter((text) => text !== null)
    .join(" · ");
}

const COLOURS: Record<ImageFacts["now"], string> = {
  warm: "#0b5d2a",
  cold: "#7a4300",
  "passed through": "#444",
  refused: "#8f1111",
  unreachable: "#444",
};

/**
 * Shows the facts over each image of the page, also over later ones. Returns a function that ends it. Does nothing on a
 * server.
 */
export function inspect(options: InspectOptions): () => void {
  if (typeof document === "undefined") return () => {};
  // The default of the browser is 250 notes, and later images would have none.
  performance.setResourceTimingBufferSize(NOTED_MAX);
  const labels = createLabels();
  const look = async (image: HTMLImageElement): Promise<void> => {
    const facts = await inspectImage(image, options);
    if (facts !== null) labels.show(image, facts);
  };
  const onLoad = ({ target }: Event): void => {
    if (target instanceof HTMLImageElement) void look(target);
  };
  // `load` does not bubble, but a capturing listener gets it.
  document.addEventListener("load", onLoad, true);
  for (const image of document.images) if (image.complete) void look(image);
  return () => {
    document.removeEventListener("load", onLoad, true);
    labels.remove();
  };
}

/** Labels over the page, which readers and clicks pass over. */
function createLabels() {
  const host = document.createElement("prewarm-inspect");
  Object.assign(host.style, { position: "absolute", left: "0", top: "0", zIndex: "2147483647", pointerEvents: "none" });
  host.setAttribute("aria-hidden", "true");
  const root = host.attachShadow({ mode: "open" });
  document.documentElement.append(host);
  const labels = new Map<HTMLImageElement, HTMLElement>();
  const place = (): void => {
    for (const [image, label] of labels) {
      const { left, top, width } = image.getBoundingClientRect();
      label.hidden = !image.isConnected;
      Object.assign(label.style, { left: `${left + scrollX}px`, top: `${top + scrollY}px`, width: `${width}px` });
    }
  };
  const sizes = new ResizeObserver(place);
  sizes.observe(document.documentElement);
  return {
    show(image: HTMLImageElement, facts: ImageFacts): void {
      const label = labels.get(image) ?? root.appendChild(document.createElement("div"));
      labels.set(image, label);
      label.textContent = [factsLine(facts), ...facts.advice].join(" – ");
      Object.assign(label.style, { position: "absolute", boxSizing: "border-box", padding: "2px 6px" });
      Object.assign(label.style, { font: "12px/1.4 sans-serif", color: "#fff", background: COLOURS[facts.now] });
      place();
    },
    remove(): void {
      sizes.disconnect();
      host.remove();
    },
  };
}
