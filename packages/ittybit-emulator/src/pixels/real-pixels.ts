import sharp, { type Sharp } from "sharp";
import type { Settings } from "../settings.ts";
import { type Size, targetSize } from "./geometry.ts";
import type { ImageOptions, JobKind, OutputFormat, Quality } from "./image-options.ts";
import type { SourceImage } from "./input-source.ts";

// One thread per image and no operation cache: many jobs share few cores, and memory must stay flat.
sharp.concurrency(1);
sharp.cache(false);

/** What a named level means to an encoder. The emulator's own numbers: the service documents none. */
const ENCODER_QUALITY: Record<Quality, { lossy: number; avif: number }> = {
  very_low: { lossy: 30, avif: 25 },
  low: { lossy: 50, avif: 35 },
  medium: { lossy: 68, avif: 46 },
  high: { lossy: 80, avif: 58 },
  very_high: { lossy: 92, avif: 74 },
};

/** Low, for speed: the emulator's AVIF is larger than the service's would be. */
const AVIF_EFFORT = 2;
const WEBP_EFFORT = 2;
const OPAQUE_FORMATS = new Set<OutputFormat>(["jpeg"]);

/** The options with every default filled in: the pixels depend on nothing else but the source. */
export interface RenderPlan extends Size {
  format: OutputFormat;
  quality: Quality;
  fit: "contain" | "cover" | "fill";
  position: string;
  background: string;
  animated: boolean;
  /** The input's Exif and XMP stay. */
  metadata: boolean;
}

export interface Encoded extends Size {
  bytes: Buffer;
  format: OutputFormat;
}

/** "Format per input", as Ittybit's CLI page puts it; GIF is no output of kind image, so it becomes PNG. */
function formatFor(kind: JobKind, asked: string | undefined, source: string): OutputFormat {
  if (asked === "jpg") return "jpeg";
  if (asked !== undefined) return asked as OutputFormat; // parseJobRequest has validated it
  if (kind === "animation") return source === "webp" ? "webp" : "gif";
  if (source === "gif") return "png";
  return source === "png" || source === "webp" || source === "avif" ? source : "jpeg";
}

export function planRender(
  kind: JobKind,
  options: ImageOptions,
  source: Pick<SourceImage, "width" | "height" | "format">,
  { clampEnlarge, keepMetadata }: Pick<Settings, "clampEnlarge" | "keepMetadata">,
): RenderPlan {
  const format = formatFor(kind, options.format, source.format);
  const isPair = options.width !== undefined && options.height !== undefined;
  const empty = OPAQUE_FORMATS.has(format) ? "#000000" : "#00000000";
  return {
    ...targetSize(source, options, clampEnlarge),
    format,
    quality: options.quality ?? "medium",
    // The other dimension was computed from the aspect, so that `fill` stretches nothing.
    fit: isPair ? (options.fit ?? "fill") : "fill",
    // sharp says "left top" where the option says "top-left".
    position: (options.position ?? "center").split("-").reverse().join(" "),
    background: options.background ?? empty,
    animated: kind === "animation",
    metadata: keepMetadata,
  };
}

function encoder(image: Sharp, plan: RenderPlan): Sharp {
  const { lossy, avif } = ENCODER_QUALITY[plan.quality];
  switch (plan.format) {
    case "jpeg":
      // Nothing says that a background replaces what is transparent in the picture itself: the worst case is black.
      return image.flatten({ background: "#000000" }).jpeg({ quality: lossy });
    case "webp":
      return image.webp({ quality: lossy, effort: WEBP_EFFORT });
    case "avif":
      return image.avif({ quality: avif, effort: AVIF_EFFORT });
    case "png":
      // PNG has no quality of its own: the two lowest levels reduce the palette.
      return image.png(
        lossy <= ENCODER_QUALITY.low.lossy ? { palette: true, quality: lossy } : { compressionLevel: 6 },
      );
    case "gif":
      return image.gif({ effort: 1 });
    default:
      return plan.format satisfies never;
  }
}

/**
 * Makes the variant: EXIF orientation applied, metadata dropped unless the plan says otherwise, colours in sRGB.
 * @throws Error when the bytes cannot be decoded or the format cannot hold the size
 */
export async function renderPixels(bytes: Buffer, plan: RenderPlan): Promise<Encoded> {
  const image = sharp(bytes, { animated: plan.animated, failOn: "error" }).autoOrient().resize({
    width: plan.width,
    height: plan.height,
    fit: plan.fit,
    position: plan.position,
    background: plan.background,
  });
  if (plan.metadata) image.keepExif().keepXmp();
  return { bytes: await encoder(image, plan).toBuffer(), width: plan.width, height: plan.height, format: plan.format };
}
