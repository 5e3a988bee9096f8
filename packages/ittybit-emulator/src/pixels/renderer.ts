import { createHash } from "node:crypto";
import { JobFailure } from "../job-failure.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { createSemaphore } from "../semaphore.ts";
import type { Settings } from "../settings.ts";
import { type ByteCache, createByteCache } from "./byte-cache.ts";
import type { InputSource, SourceImage } from "./input-source.ts";
import { type Encoded, planRender, type RenderPlan, renderPixels } from "./pixels.ts";
import { renderTiny } from "./tiny-pixels.ts";

export interface Renderer {
  /** The input's header, without its bytes when the settings say how large every source is. */
  open(job: JobRecord): Promise<SourceImage>;
  /** @param resize overrides the planned size: the fault `wrong_dimension` */
  render(job: JobRecord, source: SourceImage, resize: Partial<RenderPlan>): Promise<{ key: string; encoded: Encoded }>;
  /** The bytes of an output, unless they have been dropped since. */
  output(key: string): Encoded | undefined;
  clear(): void;
}

/** Encodes with bounded concurrency, once per input bytes and options. */
export function createRenderer(settings: Settings, inputs: InputSource, concurrency: number): Renderer {
  const outputs: ByteCache<Encoded> = createByteCache(() => settings.maxOutputBytes);
  const inTurn = createSemaphore(concurrency);

  async function encode(job: JobRecord, source: SourceImage, plan: RenderPlan): Promise<Encoded> {
    if (settings.pixels === "tiny") return renderTiny(plan, `${source.hash.slice(0, 24)} ${job.input.slice(-180)}`);
    try {
      return await renderPixels(source.bytes, plan);
    } catch (cause) {
      throw new JobFailure("encode_failed", cause instanceof Error ? cause.message : String(cause));
    }
  }

  return {
    async open(job) {
      if (job.kind !== "image" && job.kind !== "animation") {
        throw new JobFailure("kind_unavailable", `this emulator makes no ${job.kind}`);
      }
      if (settings.pixels === "real" || settings.tinySource === null) return inputs.load(job.input);
      const hash = createHash("sha256").update(job.input).digest("hex");
      return { bytes: Buffer.alloc(0), hash, ...settings.tinySource, format: "jpeg" };
    },
    render(job, source, resize) {
      const plan = { ...planRender(job.kind, job.options, source, settings.clampEnlarge), ...resize };
      const key = `${settings.pixels} ${source.hash} ${Object.values(plan).join(" ")}`;
      return inTurn(async () => {
        const encoded = outputs.get(key) ?? (await encode(job, source, plan));
        outputs.set(key, encoded, encoded.bytes.byteLength);
        return { key, encoded };
      });
    },
    output: (key) => outputs.get(key),
    clear: () => outputs.clear(),
  };
}
