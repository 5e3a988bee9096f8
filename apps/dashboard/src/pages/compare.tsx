import type { JobDetail } from "@prewarm/control-client/schema";
import { useState } from "preact/hooks";
import { ask, isOperator } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { savedShare, size } from "../lib/format.ts";

/** Original and variant side by side, with the bytes that a viewer saves. */
export function Compare({ job }: { job: JobDetail }) {
  const original = useOriginalBytes(job);
  if (job.state !== "stored" || !job.variantUrl) return <Waiting job={job} />;
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
        <Picture name="Variant" url={job.variantUrl} bytes={job.bytes} />
      </div>
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
        <p class="muted placeholder">
          The variant shows here as soon as it is stored. Viewers get the original meanwhile.
        </p>
      </div>
    </section>
  );
}

/** The picture with the size it really has. */
export function Picture({ name, url, bytes }: { name: string; url: string | null; bytes: number | null }) {
  const [pixels, setPixels] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  const shown = url && /^https?:/.test(url) && !broken;
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
          <p class="muted placeholder">{broken ? "This browser cannot show it." : "It is served by no address."}</p>
        )}
      </div>
      <figcaption>
        <b>{name}</b>{" "}
        <span class="num muted">{[pixels, bytes === null ? null : size(bytes)].filter(Boolean).join(" · ")}</span>
      </figcaption>
    </figure>
  );
}

/** The original's size, which jobs do not carry: a dry run of this one job asks the source for it. Operators only; null otherwise. */
function useOriginalBytes(job: JobDetail): number | null {
  const wanted = isOperator.value && job.state === "stored";
  const resource = useResource(
    `${job.id}|${wanted}`,
    async (signal) => {
      if (!wanted) return null;
      const item = { id: job.id, transforms: [job.transform], ...(job.v ? { v: job.v } : {}) };
      const answer = await ask("POST /api/v1/warm", {
        query: { dryRun: "1" },
        body: { items: [item], force: true },
        signal,
      });
      return "dryRun" in answer && answer.jobs === 1 ? answer.downloadBytes : null;
    },
    null,
  );
  return resource.data.value;
}
