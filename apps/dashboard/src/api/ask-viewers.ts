import type { Image } from "@prewarm/control-schema/images";
import type { Asked } from "../lib/any-url.ts";
import { errorOf } from "../lib/error-of.ts";
import { type Gets, matching, viewerGets } from "../lib/viewer-gets.ts";
import { ask, may } from "./session.ts";

/** Calls of the API at the same time. */
const AT_ONCE = 4;

/** An address with what its viewer gets; an error where the server could not say. */
export interface Answered {
  asked: Asked;
  gets: Gets | Error;
}

/** What viewers of these addresses get. Each answer is told when it is there, in any order. */
export async function askViewers(all: readonly Asked[], signal: AbortSignal, tell: (one: Answered) => void) {
  const images = new Map<string, Promise<Image>>();
  const imageOf = (id: string): Promise<Image> => {
    const known = images.get(id) ?? ask("GET /api/v1/images/{id}", { params: { id }, signal });
    images.set(id, known);
    return known;
  };
  const queue = [...all];
  const work = async () => {
    for (let asked = queue.shift(); asked !== undefined && !signal.aborted; asked = queue.shift()) {
      const gets = await answer(asked, imageOf, signal).catch(errorOf);
      if (!signal.aborted) tell({ asked, gets });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function answer(asked: Asked, imageOf: (id: string) => Promise<Image>, signal: AbortSignal): Promise<Gets> {
  const image = await imageOf(asked.id);
  // Only the server knows widths, presets and the rules of ids. What is known letter by letter needs no second call.
  const isKnown = matching(asked, image.variants).length > 0;
  return viewerGets(asked, image, isKnown || !may("warm") ? null : await countOf(asked, signal));
}

async function countOf(asked: Asked, signal: AbortSignal) {
  const body = { items: itemsOf([asked]), onlyMissing: true };
  const answer = await ask("POST /api/v1/warm", { query: { dryRun: "1" }, body, signal });
  return "dryRun" in answer ? answer : null;
}

/** The items of a warm request that make just what these addresses ask for. */
export function itemsOf(all: readonly Asked[]) {
  const byImage = Map.groupBy(all, ({ id, v }) => `${v} ${id}`);
  return [...byImage.values()].flatMap((some) => {
    const [first] = some;
    // An empty transform is no transform of the API; `f=webp` is what an address without a query means.
    const transforms = some.map(({ query }) => query || "f=webp");
    return first ? [{ id: first.id, transforms, ...(first.v === null ? {} : { v: first.v }) }] : [];
  });
}
