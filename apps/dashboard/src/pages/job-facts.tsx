import type { JobDetail } from "@prewarm/control-schema/jobs";
import type { ComponentChildren } from "preact";
import { size } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { Card } from "../ui/card.tsx";
import { Fact } from "../ui/fact.tsx";
import { Time } from "../ui/time.tsx";

/** Everything the ledger knows of a job; a row without a value would only be read in vain. */
export function JobFacts({ job }: { job: JobDetail }) {
  const { run, v, input, updatedAt } = job;
  const due = job.due !== null && job.due > updatedAt ? job.due : null;
  const facts: [name: string, value: ComponentChildren][] = [
    ["Image", <Inside key="image" to={imageUrl(job.id)} text={job.id} />],
    ["Transform", mono(job.transform, "")],
    ["Variant key", mono(job.key, "")],
    ["Lane", job.lane],
    ["Run", run ? <Inside key="run" to={`/runs/${encodeURIComponent(run)}`} text={run} /> : "none"],
    ["Version", v],
    ["Generation", job.generation],
    ["Failed attempts", job.attempts],
    ["Ittybit job", mono(job.ittybitJob, job.state === "stored" ? "not kept" : "none yet")],
    ["Source etag", mono(job.sourceEtag, "unknown")],
    ["Size", size(job.bytes)],
    ["Original", <Outside key="original" url={job.originalUrl} />],
    ["Input", input],
    ["Variant", <Outside key="variant" url={job.variantUrl} />],
    ["Created", timeOf(job.createdAt)],
    ["Changed", timeOf(updatedAt)],
    ["Due", timeOf(due)],
    ["Submitted", timeOf(job.submittedAt)],
    ["Stored", timeOf(job.storedAt)],
  ];
  return (
    <Card title="Facts">
      <dl class="facts lined">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <Fact key={name} name={name}>
                {value}
              </Fact>
            ),
        )}
      </dl>
    </Card>
  );
}

function timeOf(at: number | null) {
  return at === null ? null : <Time at={at} />;
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
