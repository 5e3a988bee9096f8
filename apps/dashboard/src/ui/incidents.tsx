import type { Stats, Warning } from "@prewarm/control-schema/stats";
import { ask, isOperator } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { incidentsOf, isPast } from "../lib/incidents.ts";
import { isNarrow } from "../lib/narrow.ts";
import { ActButton } from "./act-button.tsx";
import { Said, Time } from "./time.tsx";
import { WarningLink } from "./warning-link.tsx";

/** The overview's first block: that all is well, or what is wrong, since when, and what to do. */
export function Incidents({ stats: { health, open, warnings } }: { stats: Stats }) {
  const { all, past, acknowledged } = incidentsOf(warnings);
  const [lead, ...others] = all;
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
        <List incidents={others.filter((one) => !isPast(one))} />
        <Folded open={!isNarrow.value} title="Within the last hour" incidents={past} />
        <Folded open={false} title="Acknowledged" incidents={acknowledged} />
        {lead !== undefined &&
          notes.map(({ key, sentence, link }) => <Note key={key} sentence={sentence} link={link} />)}
      </div>
    </section>
  );
}

function Lead({ incident }: { incident: Warning }) {
  return (
    <>
      <p class="sentence">
        <Said>{incident.sentence}</Said>
      </p>
      <p class="muted">
        {incident.since !== null && (
          <>
            Since <Time at={incident.since} />.{" "}
          </>
        )}
        {incident.cure} <Ways incident={incident} />
      </p>
    </>
  );
}

/** To its cause, and out of the headline. */
function Ways({ incident }: { incident: Warning }) {
  const stats = useStats();
  const { key, cause, acknowledged } = incident;
  const act = async () => {
    const params = { key };
    if (acknowledged) await ask("DELETE /api/v1/troubles/{key}/ack", { params });
    else await ask("POST /api/v1/troubles/{key}/ack", { params, body: cause === null ? {} : { cause } });
    await stats.refresh();
    return acknowledged ? "It is a headline again." : "Acknowledged. It stays quiet until it changes.";
  };
  return (
    <>
      <WarningLink warning={incident} />{" "}
      {isOperator.value && cause !== null && (
        <ActButton class="small" label={`${acknowledged ? "Undo" : "Acknowledge"}: ${incident.sentence}`} act={act}>
          {acknowledged ? "Undo" : "Acknowledge"}
        </ActButton>
      )}
    </>
  );
}

function Folded({ open, title, incidents }: { open: boolean; title: string; incidents: readonly Warning[] }) {
  if (incidents.length === 0) return null;
  return (
    <details open={open}>
      <summary class="small-text">
        {title}: {incidents.length}
      </summary>
      <List incidents={incidents} />
    </details>
  );
}

function List({ incidents }: { incidents: readonly Warning[] }) {
  if (incidents.length === 0) return null;
  return (
    <ul class="reasons">
      {incidents.map((one) => (
        <li key={one.key}>
          <Said>{one.sentence}</Said>{" "}
          <span class="muted">
            {one.acknowledged ? (
              <>
                {one.acknowledged.who}, <Time at={one.acknowledged.at} />.
              </>
            ) : (
              one.cure
            )}
          </span>{" "}
          <Ways incident={one} />
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
  const { all } = incidentsOf(stats.warnings);
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
