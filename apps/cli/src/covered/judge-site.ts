import { appendFileSync } from "node:fs";
import { type Judging, judgePart, type Missing, partsOf, sorted } from "@prewarm/site-pages/judge-pages";
import { newTally, type Tally } from "@prewarm/site-pages/tally";
import type { ControlApi } from "../api/control-api.ts";
import type { RecordStore } from "../pages/page-record.ts";
import type { Context } from "../platform/context.ts";
import { interrupted } from "../platform/http-request.ts";
import { readImageState } from "./read-image-state.ts";

interface SiteJudging extends Pick<Judging, "config" | "recipe" | "keys" | "pages" | "uses"> {
  api: ControlApi;
  context: Context;
  store: RecordStore;
  /** A file for what is to be ordered, a line an image; null: nothing is. */
  toWarm: string | null;
  update(images: number): void;
}

/** Judges every image URL of the store's pages, part by part. Throws 130 when interrupted. */
export async function judgeSite({ api, context, store, toWarm, update, ...judging }: SiteJudging): Promise<Tally> {
  const tally = newTally(judging.pages.length);
  let asked = 0;
  const all: Judging = {
    ...judging,
    nowSeconds: Math.floor(context.clock.now() / 1000),
    readState: async (id) => {
      if (context.interrupts.stop.aborted) throw interrupted();
      const state = await readImageState(id, api);
      asked += 1;
      update(asked);
      return state;
    },
    records: () => store.read(),
    toWarm: toWarm === null ? null : (item: Missing) => appendFileSync(toWarm, `${JSON.stringify(item)}\n`),
  };
  for (let part = 0; part < partsOf(all); part += 1) await judgePart(part, tally, all);
  return sorted(tally);
}
