import type { JobDetail } from "@prewarm/control-schema/jobs";
import { size } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { Card } from "../ui/card.tsx";
import { Fact } from "../ui/fact.tsx";
import { Time } from "../ui/time.tsx";

/** Everything the ledger knows of a job. */
export function JobFacts({ job }: { job: JobDetail }) {
  return (
    <Card title="Facts">
      <dl class="facts lined">
        <Fact name="Image">
          <Inside to={imageUrl(job.id)} text={job.id} />
        </Fact>
        <Fact name="Transform">{mono(job.transform, "")}</Fact>
        <Fact name="Variant key">{mono(job.key, "")}</Fact>
        <Fact name="Lane">{job.lane}</Fact>
        <Fact name="Run">
          {job.run ? <Inside to={`/runs/${encodeURIComponent(job.run)}`} text={job.run} /> : "none"}
        </Fact>
        {job.v !== null && <Fact name="Version">{job.v}</Fact>}
        <Fact name="Generation">{job.generation}</Fact>
        <Fact name="Failed attempts">{job.attempts}</Fact>
        <Fact name="Ittybit job">{mono(job.ittybitJob, job.state === "stored" ? "not kept" : "none yet")}</Fact>
        <Fact name="Source etag">{mono(job.sourceEtag, "unknown")}</Fact>
        <Fact name="Size">{size(job.bytes)}</Fact>
        <Fact name="Original">
          <Outside url={job.originalUrl} />
        </Fact>
        {job.input !== null && <Fact name="Input">{job.input}</Fact>}
        <Fact name="Variant">
          <Outside url={job.variantUrl} />
        </Fact>
        <Times job={job} />
      </dl>
    </Card>
  );
}

function Times({ job }: { job: JobDetail }) {
  const times: [string, number | null][] = [
    ["Created", job.createdAt],
    ["Changed", job.updatedAt],
    ["Due", job.due !== null && job.due > job.updatedAt ? job.due : null],
    ["Submitted", job.submittedAt],
    ["Stored", job.storedAt],
  ];
  // A row without a value would only be read in vain.
  return times.map(
    ([name, at]) =>
      at !== null && (
        <Fact key={name} name={name}>
          <Time at={at} />
        </Fact>
      ),
  );
}

function mono(text: string | null, absent: string) {
  return text ? <span class="mono break">{text}</span> : absent;
}

function Inside({ to, text }: { to: string; text: string }) {
  return (
    <a class="break" href={to}>
      {text}
    </a>
  );
}

/** A foreign address becomes a link only when it is http(s). A `javascript:` address stays text. */
function Outside({ url }: { url: string | null }) {
  if (!url) return <>no URL serves it</>;
  if (!/^https?:\/\//i.test(url)) return <span class="break">{url}</span>;
  return (
    <a class="break" href={url} target="_blank" rel="noreferrer">
      {url}
    </a>
  );
}
