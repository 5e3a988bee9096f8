import type { JobDetail } from "@prewarm/control-schema/jobs";
import { useState } from "preact/hooks";
import { savedShare, size } from "../lib/format.ts";
import { isShowable, pictureUrl } from "../lib/paths.ts";
import { Slider } from "../ui/slider.tsx";

/** Original and variant side by side, with the bytes that a viewer saves. */
export function Compare({ job }: { job: JobDetail }) {
  const original = job.originalBytes;
  if (job.state !== "stored") return <Waiting job={job} />;
  const variant = pictureUrl(job.id, job.key);
  const saved =
    original !== null && job.bytes !== null
      ? { share: savedShare(original, job.bytes), bytes: original - job.bytes }
      : null;
  return (
    <section class="card" aria-labelledby="compare">
      <header class="card-head">
        <h2 id="compare">Original and variant</h2>
        {saved && (
          <p class="saved">
            <b class="num">{saved.share}</b>{" "}
            {saved.bytes >= 0 ? `${size(saved.bytes)} saved` : `${size(-saved.bytes)} more`}
          </p>
        )}
      </header>
      <div class="pair">
        <Picture name="Original" url={job.originalUrl} bytes={original} />
        <Picture name="Variant" url={variant} bytes={job.bytes} />
      </div>
      {job.originalUrl && /^https?:/.test(job.originalUrl) && (
        <details>
          <summary>Compare by slider</summary>
          <Slider under={job.originalUrl} over={variant} name={job.transform} />
        </details>
      )}
    </section>
  );
}

function Waiting({ job }: { job: JobDetail }) {
  if (!job.originalUrl) return null;
  return (
    <section class="card" aria-labelledby="compare">
      <h2 id="compare">Original</h2>
      <div class="pair">
        <Picture name="Original" url={job.originalUrl} bytes={null} />
        <p class="muted placeholder">{meanwhile(job)}</p>
      </div>
    </section>
  );
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

/** The picture with the size it really has. */
export function Picture({ name, url, bytes }: { name: string; url: string | null; bytes: number | null }) {
  const [pixels, setPixels] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  const shown = isShowable(url) && !broken;
  return (
    <figure class="picture">
      <div class="frame">
        {shown ? (
          <img
            src={url}
            alt={name}
            loading="lazy"
            referrerpolicy="no-referrer"
            onLoad={({ currentTarget }) => setPixels(`${currentTarget.naturalWidth} × ${currentTarget.naturalHeight}`)}
            onError={() => setBroken(true)}
          />
        ) : (
          <p class="muted placeholder">
            {broken
              ? "This picture does not load: it is gone, or this browser does not know its format."
              : "No URL serves this."}
          </p>
        )}
      </div>
      <figcaption>
        <b>{name}</b>{" "}
        <span class="num muted">{[pixels, bytes === null ? null : size(bytes)].filter(Boolean).join(" · ")}</span>
      </figcaption>
    </figure>
  );
}
