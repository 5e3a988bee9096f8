/** What the bar is told. */
export interface BarState {
  /** The site's images that the local stack serves; `bytes`: of the original. */
  images: { id: string; path: string; bytes: number; isWarm: boolean }[];
  jobs: { total: number; stored: number; failed: number };
  /** What such a month would cost, and of what it is reckoned. */
  month: { usd: string; why: string };
}

/**
 * The bar below each page: the browser's own figures of this page, before and after. What an image's original weighs, the page would have
 * loaded; all else weighs the same. It stands in a shadow tree, so neither side's style reaches the other. `wide`: CSS px of the widest image.
 */
export const BAR_SCRIPT = `(() => {
  const OWN = "/.prewarm/";
  const host = document.createElement("prewarm-bar");
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = \`<style>
    :host { all: initial; position: fixed; inset: auto 0 0; z-index: 2147483647; }
    div { display: flex; flex-wrap: wrap; gap: 4px 22px; align-items: baseline; padding: 9px 16px;
      font: 14px/1.4 system-ui, sans-serif; color: #fff; background: #17202b; box-shadow: 0 -1px 8px #0006; }
    b { font-size: 16px; } span { color: #b9c6d4; } span b { color: #fff; } a { color: #ffb35c; margin-left: auto; }
  </style><div role="status"></div>\`;
  const line = root.querySelector("div");
  document.documentElement.append(host);
  const size = (bytes) => bytes < 1e6 ? Math.round(bytes / 1e3) + " kB" : (bytes / 1e6).toFixed(1) + " MB";
  const isRaster = (entry) => ["img", "image", "input"].includes(entry.initiatorType) && !/\\.(svg|gif|ico)([?#]|$)/i.test(entry.name);
  function measure({ images }) {
    const byPath = new Map(images.map((image) => [image.path, image]));
    const byId = new Map(images.map((image) => [image.id, image]));
    const found = { page: [0, 0], images: [0, 0], known: new Set(), foreign: 0, cold: 0 };
    const add = (before, after, isImage) => {
      for (const sum of isImage ? [found.page, found.images] : [found.page]) { sum[0] += before; sum[1] += after; }
    };
    for (const entry of [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]) {
      const { origin, pathname, search } = new URL(entry.name);
      // What did not come is no image of the page.
      if (pathname.startsWith(OWN + "bar.") || entry.responseStatus >= 400) continue;
      const asked = pathname.startsWith(OWN + "images/") ? pathname.slice((OWN + "images/").length) : null;
      const image = origin !== location.origin ? undefined
        : asked === null ? byPath.get(pathname + search) : byId.get(asked.split("/").map(decodeURIComponent).join("/"));
      const after = entry.encodedBodySize;
      if (image === undefined) {
        if (isRaster(entry)) found.foreign += 1;
        add(after, after, isRaster(entry));
        continue;
      }
      // Two sizes of one image have one original.
      add(found.known.has(image.id) ? 0 : image.bytes, after, true);
      found.known.add(image.id);
      if (!image.isWarm || (asked === null && after >= image.bytes)) found.cold += 1;
    }
    return found;
  }
  const widest = () => Math.round(Math.max(0, ...[...document.images].map((image) => image.getBoundingClientRect().width)));
  const part = (text, strong, title) => {
    const span = document.createElement("span");
    const bold = document.createElement("b");
    bold.textContent = strong;
    span.append(text, bold);
    if (title) span.title = title;
    return span;
  };
  async function show() {
    const state = await (await fetch(OWN + "bar.json?wide=" + widest())).json();
    const { page, images, known, foreign, cold } = measure(state);
    const { total, stored, failed } = state.jobs;
    const ended = stored + failed;
    const change = ([before, after]) => size(before) + " → " + size(after) + (after < before ? " (−" + Math.round(100 * (1 - after / before)) + " %)" : "");
    const parts = [
      part("Images ", change(images)), part("Page ", change(page)),
      part("Recognised ", known.size + " of " + (known.size + foreign)),
      part("Jobs ", ended + " of " + total, failed > 0 ? failed + " failed or were refused" : ""),
      part("A month ", state.month.usd, state.month.why),
    ];
    const isDone = total > 0 && ended === total;
    if (cold > 0 && isDone) {
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = "Load it with Prewarm";
      again.onclick = () => location.reload();
      parts.push(again);
    }
    line.replaceChildren(...parts);
    host.dataset.state = !isDone ? "making" : cold > 0 ? "ready" : "warm";
  }
  const round = () => show().catch(() => {}).then(() => setTimeout(round, 1000));
  addEventListener("load", round);
})();
`;
