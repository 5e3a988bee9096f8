import { convertV4MiniflareOptions, Miniflare, NoOpLog } from "miniflare";
import sharp from "sharp";
import { bundleRelease } from "../../dev/bundle.ts";
import { type LocalStack, type Original, startLocalStack } from "../drain/local-stack.ts";
import { startIpx } from "../ipx/start-ipx.ts";

const WIDTH = 800;
const JOB_MS = 300;
const LONGEST_MS = 60_000;

/** What asks for a variant of an original, and ends with the first byte of a picture. */
type Contender = (id: string) => Promise<void>;

export interface Stage {
  contenders: Record<string, Contender>;
  /** Jobs that Ittybit made until now, for whomever. */
  jobsMade(): number;
  /** Until our edge has the variant itself. */
  untilStored(id: string): Promise<void>;
  close(): Promise<void>;
}

/** A photo's worth of pixels and bytes: noise is as hard to read as a photo, and a blur makes it as large. */
async function photo(): Promise<Original> {
  const [width, height] = [4_000, 3_000];
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  const bytes = await sharp({ create: { width, height, channels: 3, background: "#808080", noise } })
    .blur(2)
    .jpeg({ quality: 85 })
    .toBuffer();
  return { bytes, width, height };
}

async function firstByte(url: string): Promise<void> {
  const answer = await fetch(url);
  const reader = answer.body?.getReader();
  const chunk = await reader?.read();
  if (!answer.ok || chunk?.value === undefined) throw new Error(`${url}: ${answer.status}`);
  await reader?.cancel();
}

/** sharp without a server: reads the original, and renders it. */
async function render(url: string): Promise<void> {
  const bytes = await (await fetch(url)).arrayBuffer();
  await sharp(bytes).resize(WIDTH).webp().toBuffer();
}

async function startWaitingWorker({ emulator, originalsUrl }: LocalStack) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      cf: false,
      log: new NoOpLog(),
      workers: [
        {
          name: "waiting",
          modules: [{ type: "ESModule", path: "worker.mjs", contents: await bundleRelease("bench/cold/worker.ts") }],
          compatibilityDate: "2026-11-01",
          r2Buckets: { IMAGES_BUCKET: "bench" },
          bindings: { ITTYBIT_API_URL: emulator.apiUrl, ORIGINALS_URL: originalsUrl },
        },
      ],
    }),
  );
  const { origin } = await miniflare.ready;
  return { url: origin, close: () => miniflare.dispose() };
}

export async function startContenders(): Promise<Stage> {
  const stack = await startLocalStack({ jobMs: { min: JOB_MS, max: JOB_MS } }, await photo());
  const ipx = await startIpx(stack.originalsUrl);
  const waiting = await startWaitingWorker(stack);
  const ours = (id: string): string => `${stack.edgeUrl}/images/${id}?w=${WIDTH}&f=webp`;
  return {
    contenders: {
      prewarm: (id) => firstByte(ours(id)),
      "a waiting Worker": (id) => firstByte(new URL(id, waiting.url).href),
      ipx: (id) => firstByte(ipx.url(`w_${WIDTH},f_webp`, `${stack.originalsUrl}/${id}`)),
      "sharp alone": (id) => render(`${stack.originalsUrl}/${id}`),
    },
    jobsMade: () => stack.emulator.control.stats().createdJobs,
    untilStored: async (id) => {
      const end = performance.now() + LONGEST_MS;
      while ((await fetch(ours(id), { redirect: "manual" })).status !== 200)
        if (performance.now() > end) throw new Error(`${id} was not made within a minute`);
    },
    close: async () => {
      ipx.close();
      await waiting.close();
      await stack.close();
    },
  };
}
