import type { ImageRef } from "../../packages/client/src/create-prewarm.ts";
import { factsLine, type ImageFacts, inspectImage } from "../../packages/client/src/inspect.ts";
import { AS_IMAGE } from "../../packages/client/src/probe.ts";
import { make, type Site } from "./site.ts";

/** How pictures are asked for. */
export interface View {
  /** Width of a picture's box in CSS px. */
  slot: number;
  /** Pixels to a CSS px; null: the screen's. */
  density: number | null;
  /** Whether `Save-Data: on` is sent, which only a script can. */
  save: boolean;
}

export interface Card {
  element: HTMLElement;
  load(view: View): Promise<void>;
}

/** How often a cold picture is looked at again, in ms, and for how long. */
const AGAIN_MS = 1_000;
const PATIENCE = 120;
/** All pictures have one box, whatever their shape: nothing moves when they come. */
const SHAPE = 3 / 2;

/** A picture with what is known of it. */
export function createCard(id: string, site: Site): Card {
  const image = make("img", "", { alt: id });
  const badge = make("span", "not asked for yet", { class: "badge" });
  const [line, reason, advice] = [make("p"), make("p"), make("p")];
  const purge = make("button", "Purge", { type: "button", "aria-label": `Purge ${id}` });
  purge.disabled = !site.mayAct;
  const acts = make("div", "", { class: "acts" });
  acts.append(purge);
  const element = make("li", "", { class: "card", "data-id": id });
  element.append(make("h3", id), image, badge, line, reason, advice, acts);
  let loading = 0;
  const show = async (facts: ImageFacts): Promise<void> => {
    Object.assign(badge.dataset, { now: facts.now, shown: facts.shown });
    badge.textContent = facts.now;
    line.textContent = factsLine(facts);
    advice.textContent = facts.advice.join(" ");
    reason.textContent = facts.now === "cold" ? await reasonOf(id, site) : "";
  };
  const load = async (view: View): Promise<void> => {
    loading += 1;
    const mine = loading;
    const isMine = (): boolean => mine === loading;
    const density = view.density ?? devicePixelRatio;
    const options = { ...site.config, baseUrl: site.edgeUrl, density };
    await place(image, await refOf(id, site), view, site);
    for (let n = 0; isMine() && n < PATIENCE; n += 1) {
      const facts = view.save ? await savedFacts(image, density) : await inspectImage(image, options);
      if (facts === null || !isMine()) return;
      await show(facts);
      if (facts.now !== "cold") return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  purge.addEventListener("click", async () => {
    loading += 1;
    reason.textContent = await site.call("DELETE /api/v1/images/{id}", { params: { id } }).then(
      () => "Purged. Load again to see what a viewer gets now.",
      (error: Error) => error.message,
    );
  });
  return { element, load };
}

async function refOf(id: string, { prewarm }: Site): Promise<ImageRef> {
  const known = await prewarm.info([id]);
  return known.get(id) ?? { id };
}

/** Asks for the picture as a page does, and waits until it is there or broken. */
async function place(image: HTMLImageElement, ref: ImageRef, view: View, { prewarm }: Site): Promise<void> {
  const { slot, density, save } = view;
  // The browser's screen stays what it is: a picture for another one is what a wider box asks for.
  const sizes = `${(slot * (density ?? devicePixelRatio)) / devicePixelRatio}px`;
  const height = Math.round(slot / SHAPE);
  const { src, srcset = "" } = prewarm.attrs(ref, { width: slot, height, sizes });
  const over = new Promise((resolve) => {
    image.onload = resolve;
    image.onerror = resolve;
  });
  // The same address again would be answered by the document itself.
  image.removeAttribute("srcset");
  image.removeAttribute("src");
  Object.assign(image, { width: slot, height, sizes: save ? "" : sizes });
  if (save) image.src = await saved(src);
  else Object.assign(image, { srcset, src });
  await over;
}

/** What came when data was saved, by the picture's address in this document. */
const answers = new Map<string, Response>();

async function saved(url: string): Promise<string> {
  const headers = { ...AS_IMAGE.headers, "save-data": "on" };
  const answer = await fetch(url, { ...AS_IMAGE, headers, cache: "no-store" });
  // To the original, as everybody is.
  const address = answer.ok ? URL.createObjectURL(await answer.clone().blob()) : url;
  answers.set(address, answer);
  return address;
}

async function savedFacts(image: HTMLImageElement, density: number): Promise<ImageFacts | null> {
  const answer = answers.get(image.src);
  if (answer === undefined) return null;
  const status = answer.headers.get("cache-status") ?? "";
  const isWarm = /hit$/.test(status);
  const shown = status === "edge; hit" ? "cache" : isWarm ? "r2" : /stand-in/.test(status) ? "stand-in" : "original";
  return {
    url: answer.url,
    shown,
    now: isWarm ? "warm" : answer.status >= 400 ? "refused" : "cold",
    width: image.naturalWidth || null,
    needed: Math.round(image.getBoundingClientRect().width * density),
    bytes: answer.ok ? (await answer.clone().blob()).size : null,
    originalBytes: null,
    advice: [],
  };
}

/** Why a picture is not there yet, as the ledger knows it. */
async function reasonOf(id: string, { call, mayAct }: Site): Promise<string> {
  if (!mayAct) return "";
  const image = await call("GET /api/v1/images/{id}", { params: { id }, query: {} }).catch((error: Error) => error);
  if (image instanceof Error) return image.message;
  if (image.purging) return "It is being purged.";
  const words = image.variants.map(({ state, error }) => (error === null ? state : `${state} (${error.code})`));
  const counts = Map.groupBy(words, (word) => word);
  return [...counts].map(([word, all]) => `${all.length} ${word}`).join(", ") || "Nothing of it has been asked for.";
}
