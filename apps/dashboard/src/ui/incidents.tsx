import type { Stats } from "@prewarm/control-schema/stats";
import { type Incident, incidentsOf } from "../lib/incidents.ts";
import { isNarrow } from "../lib/narrow.ts";
import { Said, Time } from "./time.tsx";
import { WarningLink } from "./warning-link.tsx";

/** The overview's first block: that all is well, or what is wrong, since when, and what to do. */
export function Incidents({ stats: { health, open, warnings } }: { stats: Stats }) {
  const all = incidentsOf(warnings);
  const [lead, ...others] = all;
  const past = others.filter(({ isPast }) => isPast);
  const notes = warnings.filter(({ level }) => level === "note");
  return (
    <section class="card health" data-level={health.level} aria-label="Health">
      <span class="lamp" aria-hidden="true" />
      <div>
        {lead === undefined ? (
          <p class="sentence">
            <Said>{health.sentence}</Said>
          </p>
        ) : (
          <Lead incident={lead} />
        )}
        {lead === undefined && open === 0 && (
          <p class="muted">
            Try one: <a href="/runs/new">warm some images</a>.
          </p>
        )}
        <List incidents={others.filter(({ isPast }) => !isPast)} />
        {past.length > 0 && (
          <details open={!isNarrow.value}>
            <summary class="small-text">Within the last hour: {past.length} more</summary>
            <List incidents={past} />
          </details>
        )}
        {lead !== undefined && notes.map((one) => <Note key={one.code} {...one} />)}
      </div>
    </section>
  );
}

function Lead({ incident: { sentence, since, cure, ...more } }: { incident: Incident }) {
  return (
    <>
      <p class="sentence">
        <Said>{sentence}</Said>
      </p>
      <p class="muted">
        {since !== null && (
          <>
            Since <Time at={since} />.{" "}
          </>
        )}
        {cure} <WarningLink warning={more} />
      </p>
    </>
  );
}

function List({ incidents }: { incidents: readonly Incident[] }) {
  if (incidents.length === 0) return null;
  return (
    <ul class="reasons">
      {incidents.map(({ code, sentence, cure, link }) => (
        <li key={`${code}${sentence}`}>
          <Said>{sentence}</Said> <span class="muted">{cure}</span> <WarningLink warning={{ link }} />
        </li>
      ))}
    </ul>
  );
}

function Note({ sentence, link }: { sentence: string; link: string }) {
  return (
    <p class="muted small-text">
      <Said>{sentence}</Said> <WarningLink warning={{ link }} />
    </p>
  );
}

/** The same on every other page, in a line: the first trouble, the way to it, and how many more the overview has. */
export function IncidentLine({ stats }: { stats: Stats }) {
  const all = incidentsOf(stats.warnings);
  const [lead] = all;
  if (lead === undefined) return null;
  return (
    <p class={lead.level === "problem" ? "strip bad incident" : "strip warn incident"} role="note" aria-label="Trouble">
      <span class="clip">
        <Said>{lead.sentence}</Said>
      </span>
      <WarningLink warning={lead} />
      {all.length > 1 && <a href="/">{all.length - 1} more</a>}
    </p>
  );
}
