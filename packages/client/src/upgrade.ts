import { isWarm } from "./probe.ts";
import type { Settings } from "./public-config.ts";

/** Whatever holds `<img>` elements: a document or an element, said in few words so that servers need no DOM types. */
export interface ImageRoot {
  querySelectorAll(selector: "img"): Iterable<{ src: string; readonly currentSrc: string }>;
}

/** What is used of a browser. */
interface Page {
  document: { baseURI: string };
  navigator: { connection?: { saveData?: boolean } };
}

/** Swaps the images of `root` that came as the original, as `Prewarm.upgrade` says. */
export function upgrade({ baseUrl }: Settings, root: ImageRoot, maxMs: number, stopped: AbortSignal): void {
  const { document, navigator } = globalThis as unknown as Page;
  if (navigator.connection?.saveData) return;
  const prefix = new URL(`${baseUrl}/images/`, document.baseURI).href;
  for (const image of root.querySelectorAll("img"))
    if (image.currentSrc.startsWith(prefix)) void swap(image, stopped, maxMs);
}

/** Swaps one image, asking after 0, 1, 3, 7 … s. An image that is warm at the first asking was shown as it should be. */
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
