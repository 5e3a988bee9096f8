import type { Image, Variant } from "@prewarm/control-schema/images";
import { percent, size } from "../lib/format.ts";
import { formatOf } from "../lib/matrix.ts";
import { isShowable, pictureUrl } from "../lib/paths.ts";
import { nameOf } from "../lib/transform-words.ts";
import { RetryButton } from "../ui/retry-button.tsx";
import { Slider } from "../ui/slider.tsx";
import { Then } from "../ui/time.tsx";
import { FocalPoint } from "./focal-point.tsx";
import { STATE_WORDS } from "./image-matrix.tsx";

interface StageProps {
  image: Image;
  /** Of the version that is shown. */
  variants: readonly Variant[];
  /** The transform that lies over the original. */
  shown: string | null;
  /** The focal point is being set; `close` ends that. */
  isAiming: boolean;
  close(): void;
  changed(): void;
}

/** The original, the chosen variant over it, and what is to be said of that one. */
export function ImageStage({ image, variants, shown, isAiming, close, changed }: StageProps) {
  const variant = variants.find((one) => one.transform === shown) ?? null;
  const over = variant !== null && variant.bytes !== null ? pictureUrl(image.id, variant.key) : null;
  const under = isShowable(image.originalUrl) ? image.originalUrl : standIn(image, variants);
  const ratio = ratioOf(variants);
  return (
    <section class="card" aria-label="Picture">
      {under === null ? (
        <p class="muted">No URL shows the original to this page, and no variant is stored.</p>
      ) : isAiming ? (
        <FocalPoint image={image} url={under} variants={variants} close={close} changed={changed} />
      ) : (
        <Slider
          under={under}
          over={over}
          name={shown === null ? "" : nameOf(shown)}
          tag={under === image.originalUrl ? "Original" : "Largest variant"}
          ratio={ratio}
          instead={shown === null || over !== null ? "" : instead(variant)}
        >
          <Words image={image} variant={variant} shown={shown} changed={changed} />
        </Slider>
      )}
    </section>
  );
}

/** The largest stored variant, where no browser may see the original. */
function standIn(image: Image, variants: readonly Variant[]): string | null {
  const stored = variants.filter(({ bytes, transform }) => bytes !== null && !/(?:^|&)h=/.test(transform));
  const [largest] = stored.toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  return largest === undefined ? null : pictureUrl(image.id, largest.key);
}

/** Of the original, by the widest variant that is scaled only; null: not known yet. */
function ratioOf(variants: readonly Variant[]): number | null {
  const scaled = variants.filter(({ transform, width, height }) => width && height && !/(?:^|&)h=/.test(transform));
  const [widest] = scaled.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0));
  return widest?.width && widest.height ? widest.width / widest.height : null;
}

function instead(variant: Variant | null): string {
  return variant === null ? "not made yet" : `${STATE_WORDS[variant.state]}, so there is no picture`;
}

function Words({
  image,
  variant,
  shown,
  changed,
}: Pick<StageProps, "image" | "shown" | "changed"> & { variant: Variant | null }) {
  if (shown === null) return <p class="muted">The original, as viewers get it now. There is no variant to compare.</p>;
  const pixels = variant?.width && variant.height ? ` ${variant.width} × ${variant.height} px` : "";
  const name = pixels === "" ? nameOf(shown) : `${formatOf(shown)}${pixels}`;
  return (
    <div class="said">
      <p>
        {name}
        {variant?.state === "stored" && timesSmaller(variant, image)}
        {variant === null && ": in the recipe, and nobody has made it"}
        {variant !== null && variant.state !== "stored" && `: ${STATE_WORDS[variant.state]}`}
      </p>
      {variant !== null && (
        <p class="muted small-text break">
          {variant.state === "stored" && <Stored variant={variant} original={image.originalBytes} />}
          {variant.error?.message} <a href={`/jobs/${variant.job}`}>Its job</a>{" "}
          <RetryButton job={{ ...variant, id: image.id }} changed={changed} class="small" data-retry />
        </p>
      )}
    </div>
  );
}

function timesSmaller({ bytes }: Variant, { originalBytes }: Image): string {
  if (!bytes || originalBytes === null) return "";
  const times = originalBytes / bytes;
  if (times < 1) return ", larger than the original";
  return `, ${times < 9.95 ? Math.round(times * 10) / 10 : Math.round(times)} times smaller`;
}

function Stored({ variant: { bytes, storedAt }, original }: { variant: Variant; original: number | null }) {
  return (
    <>
      {size(bytes)}
      {original !== null && bytes !== null && `, ${percent(bytes / original)} of the original`}
      <Then words=", stored" at={storedAt} asClock />{" "}
    </>
  );
}
