import { createHash } from "node:crypto";
import { JobFailure } from "../errors.ts";
import type { Settings } from "../settings.ts";
import { type ByteCache, createByteCache } from "./byte-cache.ts";
import type { ImageOptions, JobKind } from "./image-options.ts";
import type { InputSource, SourceImage } from "./input-source.ts";
import { type Encoded, planRender, type RenderPlan, renderPixels } from "./real-pixels.ts";
import { renderTiny } from "./tiny-pixels.ts";

/** What is made of an input, and how. */
export interface PictureOrder {
  kind: JobKind;
  input: string;
  options: ImageOptions;
}

export interface Renderer {
  /** The input with its header. When the settings say how large every source is, nothing is fetched and the bytes are empty. */
  open(order: PictureOrder): Promise<SourceImage>;
  /** @param resize overrides the planned size: the fault `wrong_dimension` */
  render(
    order: PictureOrder,
    source: SourceImage,
    resize: Partial<RenderPlan>,
  ): Promise<{ key: string; encoded: Encoded }>;
  /** The bytes of an output, unless they have been dropped since. */
  output(key: string): Encoded | undefined;
  clear(): void;
}

/** Encodes with bounded concurrency, once per input bytes and options. */
export function createRenderer(settings: Settings, inputs: InputSource, concurrency: number): Renderer {
  const outputs: ByteCache<Encoded> = createByteCache(() => settings.maxOutputBytes);
  const inTurn = createSemaphore(concurrency);

  async function encode(order: PictureOrder, source: SourceImage, plan: RenderPlan): Promise<Encoded> {
    if (settings.pixels === "tiny") return renderTiny(plan, `${source.hash.slice(0, 24)} ${order.input.slice(-180)}`);
    try {
      return await renderPixels(source.bytes, plan);
    } catch (cause) {
      throw new JobFailure("encode_failed", cause instanceof Error ? cause.message : String(cause));
    }
  }

  return {
    async open(order) {
      if (order.kind !== "image" && order.kind !== "animation") {
        throw new JobFailure("kind_unavailable", `this emulator makes no ${order.kind}`);
      }
      if (settings.pixels === "real" || settings.tinySource === null) return inputs.load(order.input);
      const hash = createHash("sha256").update(order.input).digest("hex");
      return { bytes: Buffer.alloc(0), hash, ...settings.tinySource, format: "jpeg" };
    },
    render(order, source, resize) {
      const plan = { ...planRender(order.kind, order.options, source, settings), ...resize };
      const key = `${settings.pixels} ${source.hash} ${Object.values(plan).join(" ")}`;
      return inTurn(async () => {
        const encoded = outputs.get(key) ?? (await encode(order, source, plan));
        outputs.set(key, encoded, encoded.bytes.byteLength);
        return { key, encoded };
      });
    },
    output: (key) => outputs.get(key),
    clear: () => outputs.clear(),
  };
}

/** Runs at most `limit` tasks at once, the others in order of arrival. */
function createSemaphore(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next)
        next(); // it takes over the slot, so `running` stays
      else running -= 1;
    }
  };
}
