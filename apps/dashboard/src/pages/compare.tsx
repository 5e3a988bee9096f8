import type { JobDetail } from "@prewarm/control-schema/jobs";
import { savedShare, size } from "../lib/format.ts";
import { isShowable, pictureUrl } from "../lib/paths.ts";
import { Card } from "../ui/card.tsx";
import { Slider } from "../ui/slider.tsx";

/** The variant over its original, with the bytes that a viewer saves; without a variant what viewers get meanwhile. */
export function Compare({ job }: { job: JobDetail }) {
  const { originalBytes, bytes } = job;
  const original = isShowable(job.originalUrl) ? job.originalUrl : null;
  const variant = job.state === "stored" ? pictureUrl(job.id, job.key) : null;
  const [under, over] = original === null ? [variant, null] : [original, variant];
  const words =
    variant === null ? (
      <p class="muted">{meanwhile(job)}</p>
    ) : (
      <p>
        {size(originalBytes)} → {size(bytes)}
        {originalBytes !== null && bytes !== null && savedWords(originalBytes, bytes)}
      </p>
    );
  return (
    <Card title={variant === null ? "Original" : "Original and variant"}>
      {original === null && <p class="muted">No URL shows the original to this page.</p>}
      {under === null ? (
        words
      ) : (
        <Slider under={under} over={over} name="Variant" tag={original === null ? "Variant" : "Original"}>
          {words}
        </Slider>
      )}
    </Card>
  );
}

function savedWords(original: number, variant: number): string {
  const saved = original - variant;
  return `, ${savedShare(original, variant)}: ${size(Math.abs(saved))} ${saved < 0 ? "more" : "saved"}`;
}

/** What viewers get as long as there is no variant. */
function meanwhile({ state, error }: JobDetail): string {
  if (error?.code === "missing") return "The original does not exist: viewers get its host's 404.";
  if (error?.code === "unshowable") return "No browser can show the original: viewers get the placeholder.";
  if (state === "dead" || state === "refused")
    return "No variant will be made without a retry. Viewers get the original.";
  if (state === "cancelled") return "Cancelled. Viewers get the original.";
  return "The variant shows here as soon as it is stored. Viewers get the original meanwhile.";
}
