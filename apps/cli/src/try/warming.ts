import type { KnownImage } from "@prewarm/client/html";
import { ImageInfo, ImageInfos } from "@prewarm/control-schema/info";
import { WarmAnswer } from "@prewarm/control-schema/warm";
import * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";
import { getRun, hasEnded } from "../api/runs.ts";

/** The variants of the site's images, which the local stack makes as an upload would. */
export interface Warming {
  /** Has the variants of an image made; an id that was ordered before is passed over. */
  order(id: string): void;
  /** What is known of an image of which a variant is stored. */
  known(id: string): KnownImage | undefined;
  jobs(): Readonly<{ total: number; stored: number; failed: number }>;
  /** Whether all that was ordered has ended. */
  isIdle(): boolean;
  /** Sends what was ordered since the last round, and asks how far all is. */
  round(): Promise<void>;
}

const RUN = "run_try";
/** Images of one call. */
const CHUNK_MAX = 500;
const INFOS = ImageInfos.pick({ unknown: true }).extend({
  images: z.array(ImageInfo.pick({ id: true, width: true, height: true, lqip: true, widths: true, version: true })),
});
const ORDERED = WarmAnswer.pick({ accepted: true });

/** `apiOf`: null as long as the stack does not run. */
export function createWarming(apiOf: () => ControlApi | null): Warming {
  const ordered = new Set<string>();
  const known = new Map<string, KnownImage>();
  let waiting: string[] = [];
  let jobs = { total: 0, stored: 0, failed: 0 };
  let isOpen = false;
  const send = async (api: ControlApi): Promise<void> => {
    const items = waiting.slice(0, CHUNK_MAX).map((id) => ({ id }));
    if (items.length === 0) return;
    const given = { query: { run: RUN }, body: { items }, idempotencyKey: `${RUN}:${ordered.size}:${waiting.length}` };
    await api.call("POST /api/v1/warm", given, ORDERED, { what: "warming" });
    waiting = waiting.slice(items.length);
    isOpen = true;
  };
  const look = async (api: ControlApi): Promise<void> => {
    const run = await getRun(api, RUN);
    const { dead, refused, cancelled, stored } = run.states;
    jobs = { total: run.total, stored, failed: dead + refused + cancelled };
    const ids = [...ordered];
    for (let at = 0; at < ids.length; at += CHUNK_MAX) {
      const body = { ids: ids.slice(at, at + CHUNK_MAX) };
      const { images } = await api.call("POST /api/v1/info", { body }, INFOS, { what: "info" });
      for (const image of images) known.set(image.id, image as KnownImage);
    }
    isOpen = !hasEnded(run);
  };
  return {
    order(id) {
      if (ordered.has(id)) return;
      ordered.add(id);
      waiting.push(id);
    },
    known: (id) => known.get(id),
    jobs: () => jobs,
    isIdle: () => waiting.length === 0 && !isOpen,
    async round() {
      const api = apiOf();
      if (api === null) return;
      await send(api);
      if (isOpen) await look(api);
    },
  };
}
