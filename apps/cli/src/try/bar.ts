/** What the bar is told. */
export interface BarState {
  /**
   * The site's images as the browser asks for them. `bytes`: of what the site answers. `width`: of the original in px, and `widths` that are
   * stored; none: nothing is. `isOld`: the edge answers its address by `legacy`.
   */
  images: { id: string; url: string; bytes: number; width: number; widths: readonly number[]; isOld: boolean }[];
  jobs: { total: number; stored: number; failed: number };
  /** Whether the jobs of every image above have ended. */
  isMade: boolean;
  /** What such a month would cost, and of what it is reckoned. */
  month: { usd: string; why: string };
}

/**
 * The bar below each page. Its first line is what this browser loaded: `before` with the site's own images, `shipped` with what the rewriter and
 * old addresses give to the page as it stands. Its second line is reckoned: `changed` has each image at the width in which it is shown. It stands
 * in a shadow tree without a style element, so neither side's style nor policy reaches the other. `wide`: CSS px of the widest image.
 */
export const BAR_SCRIPT = `(() => {
  const OWN = location.origin + "/.prewarm/";
  const waiting = (document.currentScript.dataset.waiting || "").split(" ").map(decodeURIComponent);
  const host = document.createElement("prewarm-bar");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(\`
    :host { all: initial; position: fixed; inset: auto 0 0; z-index: 2147483647; }
    div { padding: 9px 16px; font: 14px/1.5 system-ui, sans-serif; color: #fff; background: #17202b; box-shadow: 0 -1px 8px #0006; }
    p { display: flex; flex-wrap: wrap; gap: 0 22px; align-items: baseline; margin: 0; }
    b { font-size: 16px; } span { color: #b9c6d4; } span b { color: #fff; } a { color: #ffb35c; margin-left: auto; }
    p + p b { font-size: 14px; }\`);
  root.adoptedStyleSheets = [sheet];
  const bar = document.createElement("div");
  bar.setAttribute("role", "status");
  root.append(bar);
  document.documentElement.append(host);
  const size = (bytes) => bytes < 1e6 ? Math.round(bytes / 1e3) + " kB" : (bytes / 1e6).toFixed(1) + " MB";
  const isRaster = (entry) => ["img", "image", "input", "css"].includes(entry.initiatorType) && /\\.(jpe?g|png|webp|avif|tiff?|heic)([?#]|$)/i.test(entry.name);
  /** What a variant weighs in the browser's best format; asked for once. */
  const weights = new Map();
  const weigh = (id, width, accept) => {
    const url = OWN + "images/" + id.split("/").map(encodeURIComponent).join("/") + "?w=" + width + "&f=auto";
    if (!weights.has(url))
      weights.set(url, fetch(url, { method: "HEAD", headers: { accept } }).then((answer) => Number(answer.headers.get("content-length")) || 0));
    return weights.get(url);
  };
  /** The stored width for an image as it is shown; where no element tells, for its own size. */
  const widthOf = (image, url) => {
    const shown = [...document.images].filter((one) => one.currentSrc === url).map((one) => one.getBoundingClientRect().width);
    const px = Math.max(0, ...shown) * devicePixelRatio || image.width;
    return image.widths.find((width) => width >= px) ?? image.widths.at(-1);
  };
  async function measure({ images, accept }) {
    const byUrl = new Map(images.map((image) => [image.url, image]));
    const byId = new Map();
    // An original before what stands for it under an old address.
    for (const image of images) if (!byId.has(image.id) || !image.isOld) byId.set(image.id, image);
    const found = { page: [0, 0, 0], images: [0, 0, 0], rewritten: 0, old: 0, asItIs: 0, made: 0, cold: 0 };
    const add = (before, shipped, changed, isImage) => {
      for (const sum of isImage ? [found.page, found.images] : [found.page]) { sum[0] += before; sum[1] += shipped; sum[2] += changed; }
    };
    const seen = new Set();
    for (const entry of [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]) {
      const { origin, pathname, search } = new URL(entry.name);
      const url = origin + pathname + search;
      const own = url.startsWith(OWN + "images/");
      // What did not come is no image of the page, and what the bar itself asks for neither.
      if (url.startsWith(OWN + "bar.") || (own && entry.initiatorType === "fetch") || entry.responseStatus >= 400) continue;
      const shipped = entry.encodedBodySize;
      if (own) {
        const id = (origin + pathname).slice((OWN + "images/").length).split("/").map(decodeURIComponent).join("/");
        // Two sizes of one image have one original.
        add(seen.has(id) ? 0 : byId.get(id)?.bytes ?? shipped, shipped, shipped, true);
        if (!seen.has(id)) found.rewritten += 1;
        seen.add(id);
        continue;
      }
      const image = byUrl.get(url);
      if (image === undefined) {
        if (isRaster(entry)) found.asItIs += 1;
        add(shipped, shipped, shipped, isRaster(entry));
        continue;
      }
      if (seen.has(url)) continue;
      seen.add(url);
      const isServed = image.isOld && shipped !== image.bytes;
      found[isServed ? "old" : "asItIs"] += 1;
      if (image.widths.length > 0) found.made += 1;
      if (image.isOld && !isServed && image.widths.length > 0) found.cold += 1;
      add(image.bytes, shipped, image.widths.length > 0 ? await weigh(image.id, widthOf(image, url), accept) : shipped, true);
    }
    found.made += found.rewritten;
    found.cold += waiting.filter((id) => byId.get(id)?.widths.length > 0).length;
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
  const line = (parts) => {
    const one = document.createElement("p");
    one.append(...parts);
    return one;
  };
  async function show() {
    const state = await (await fetch(OWN + "bar.json?wide=" + widest())).json();
    const figures = await measure(state);
    const { page, images, rewritten, old, asItIs, cold } = figures;
    const { total, stored, failed } = state.jobs;
    const ended = stored + failed;
    const change = (before, after) => size(before) + " → " + size(after) + (after < before ? " (−" + Math.round(100 * (1 - after / before)) + " %)" : "");
    const all = rewritten + old + asItIs;
    const asItStands = [
      part("As it stands: images ", change(images[0], images[1]), "What the rewriter and old addresses give to this page, without a change of yours"),
      part("Page ", change(page[0], page[1])),
      part("By the rewriter ", rewritten + " of " + all, "Plain <img> elements. What has srcset, stands in picture or a style, or is loaded by a script stays as it is"),
      part("By old addresses ", old + " of " + all, "Addresses of an image service that the edge reads by legacy"),
    ];
    const isDone = state.isMade && total > 0;
    if (cold > 0 && isDone) {
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = "Load it with Prewarm";
      again.onclick = () => location.reload();
      asItStands.push(again);
    }
    const changed = [
      part("With its images' markup changed: images ", change(images[0], images[2]), "Reckoned: each image at the width in which it is shown, in this browser's best format"),
      part("Page ", change(page[0], page[2])),
      part("Jobs ", ended + " of " + total, failed > 0 ? failed + " failed or were refused" : ""),
      part("A month ", state.month.usd, state.month.why),
    ];
    bar.replaceChildren(line(asItStands), line(changed));
    host.dataset.figures = JSON.stringify(figures);
    host.dataset.state = !isDone ? "making" : cold > 0 ? "ready" : "warm";
  }
  const round = () => show().catch(() => {}).then(() => setTimeout(round, 1000));
  addEventListener("load", round);
})();
`;
