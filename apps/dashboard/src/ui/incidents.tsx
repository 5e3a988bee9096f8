import type { Stats } from "@prewarm/control-schema/stats";
import type { Trouble } from "@prewarm/control-schema/troubles";
import { useLateness } from "../api/lateness.ts";
import { ask, isOperator } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { isNarrow } from "../lib/narrow.ts";
import { ActButton } from "./act-button.tsx";
import { Said, Time } from "./time.tsx";
import { TroubleLink } from "./trouble-link.tsx";

interface Incidents {
  /** The server's order: what goes on, then what is over, each with the worst first. */
  all: Trouble[];
  past: Trouble[];
  acknowledged: Trouble[];
  notes: Trouble[];
}

/** Every trouble, apart from those that an operator has acknowledged. A note is no incident. */
function incidentsOf(troubles: readonly Trouble[]): Incidents {
  const loud = troubles.filter(({ acknowledged }) => acknowledged === null);
  const all = loud.filter(({ level }) => level !== "note");
  return {
    all,
    past: all.slice(1).filter(({ past }) => past),
    acknowledged: troubles.filter(({ acknowledged }) => acknowledged !== null),
    notes: loud.filter(({ level }) => level === "note"),
  };
}

/** The overview's first block: that all is well, or what is wrong, since when, and what to do. Grey: the server does not answer. */
export function Incidents({ stats: { health, open, troubles } }: { stats: Stats }) {
  const isStale = useLateness() !== null;
  const { all, past, acknowledged, notes } = incidentsOf(troubles);
  const [lead, ...others] = all;
  return (
    <section class="card health" data-level={isStale ? "stale" : health.level} aria-label="Health">
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
        <List incidents={others.filter((one) => !one.past)} />
        <Folded open={!isNarrow.value} title="Within the last hour" incidents={past} />
        <Folded open={false} title="Acknowledged" incidents={acknowledged} />
        {lead !== undefined &&
          notes.map(({ key, sentence, link }) => <Note key={key} sentence={sentence} link={link} />)}
      </div>
    </section>
  );
}

function Lead({ incident }: { incident: Trouble }) {
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
function Ways({ incident }: { incident: Trouble }) {
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
      <TroubleLink trouble={incident} />{" "}
      {isOperator.value && cause !== null && (
        <ActButton class="small" label={`${acknowledged ? "Undo" : "Acknowledge"}: ${incident.sentence}`} act={act}>
          {acknowledged ? "Undo" : "Acknowledge"}
        </ActButton>
      )}
    </>
  );
}

function Folded({ open, title, incidents }: { open: boolean; title: string; incidents: readonly Trouble[] }) {
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

function List({ incidents }: { incidents: readonly Trouble[] }) {
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
      <Said>{sentence}</Said> <TroubleLink trouble={{ link }} />
    </p>
  );
}

/** The same on every other page, in a line: the first trouble, the way to it, and how many more the overview has. */
export function IncidentLine({ stats }: { stats: Stats }) {
  const { all } = incidentsOf(stats.troubles);
  const [lead] = all;
  if (lead === undefined) return null;
  return (
    <p class={lead.level === "problem" ? "strip bad incident" : "strip warn incident"} role="note" aria-label="Trouble">
      <span class="clip">
        <Said>{lead.sentence}</Said>
      </span>
      <TroubleLink trouble={lead} />
      {all.length > 1 && <a href="/">{all.length - 1} more</a>}
    </p>
  );
}
