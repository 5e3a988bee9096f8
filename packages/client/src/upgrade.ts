import { isWarm } from "./probe.ts";
import type { Settings } from "./public-config.ts";

/** A document or an element that holds `<img>` elements, without DOM types, so that servers need none. */
export interface ImageRoot {
  querySelectorAll(selector: "img"): Iterable<{ src: string; readonly currentSrc: string }>;
}

/** The part of a browser that is used. */
interface Page {
  document: { baseURI: string };
  navigator: { connection?: { saveData?: boolean } };
}

/** Replaces originals by their variants, as `Prewarm.upgrade` describes. */
export function upgrade({ baseUrl }: Settings, root: ImageRoot, maxMs: number, stopped: AbortSignal): void {
  const { document, navigator } = globalThis as unknown as Page;
  if (navigator.connection?.saveData) return;
  const prefix = new URL(`${baseUrl}/images/`, document.baseURI).href;
  for (const image of root.querySelectorAll("img"))
    if (image.currentSrc.startsWith(prefix)) void swap(image, stopped, maxMs);
}

/**
 * Replaces one original: asks for its variant after 0, 1, 3, 7 … s. If the variant is stored at the first time, the
 * page shows it already.
 */
export async function swap(
  image: { src: string; readonly currentSrc: string },
  stopped: AbortSignal,
  maxMs: number,
): Promise<void> {
  const shown = image.currentSrc;
  for (let wait = 1000, waited = 0; waited <= maxMs; waited += wait, wait *= 2) {
    if (stopped.aborted || image.currentSrc !== shown) return;
    if (await isWarm(shown)) {
      if (waited > 0 && !stopped.aborted) image.src = shown;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
