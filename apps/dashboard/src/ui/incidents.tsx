import type { Stats } from "@prewarm/control-schema/stats";
import type { Trouble } from "@prewarm/control-schema/troubles";
import type { ComponentChildren } from "preact";
import { useLateness } from "../api/lateness.ts";
import { ask, isOperator, may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { ActButton } from "./act-button.tsx";
import { Said, Then } from "./time.tsx";
import { TroubleLink } from "./trouble-link.tsx";

export interface Incidents {
  /** The server's order: what goes on, then what is over, each with the worst first. */
  all: Trouble[];
  acknowledged: Trouble[];
  notes: Trouble[];
}

/** Every trouble, apart from those that an operator has acknowledged. A note is no incident. */
export function incidentsOf(troubles: readonly Trouble[]): Incidents {
  const loud = troubles.filter(({ acknowledged }) => acknowledged === null);
  return {
    all: loud.filter(({ level }) => level !== "note"),
    acknowledged: troubles.filter(({ acknowledged }) => acknowledged !== null),
    notes: loud.filter(({ level }) => level === "note"),
  };
}

/**
 * The overview's first block: that all is well, or what is wrong, since when, and what to do. Grey: the server does not
 * answer. `children` stand at its end.
 */
export function Headline({
  stats: { health, open, troubles },
  children,
}: {
  stats: Stats;
  children: ComponentChildren;
}) {
  const isStale = useLateness() !== null;
  const [lead] = incidentsOf(troubles).all;
  const level = isStale ? "stale" : health.level;
  return (
    <section class="health" data-level={level} aria-label="Health">
      <span class="lamp" data-mark={level === "ok" && open === 0 ? "note" : level} aria-hidden="true" />
      <div>
        {lead === undefined ? (
          <p class="title strong sentence">
            <Said>{health.sentence}</Said>
          </p>
        ) : (
          <Lead incident={lead} />
        )}
        {lead === undefined && open === 0 && may("warm") && (
          <p class="muted">
            <a class="button small" href="/runs/new">
              Warm some images
            </a>
          </p>
        )}
      </div>
      {children}
    </section>
  );
}

function Lead({ incident }: { incident: Trouble }) {
  return (
    <>
      <p class="title strong sentence">
        <Said>{incident.sentence}</Said>
      </p>
      <p class="muted">
        {incident.since !== null && <Then words="Since" at={incident.since} />}
        {incident.since !== null && ". "}
        {incident.cure} <Ways incident={incident} />
      </p>
    </>
  );
}

/** To its cause, and out of the headline. */
export function Ways({ incident }: { incident: Trouble }) {
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

/** The same on every other page, in a line: the first trouble, the way to it, and how many more the overview has. */
export function IncidentLine({ stats }: { stats: Stats }) {
  const { all } = incidentsOf(stats.troubles);
  const [lead] = all;
  if (lead === undefined) return null;
  return (
    <p class={lead.level === "problem" ? "strip bad" : "strip warn"} role="note" aria-label="Trouble">
      <span class="clip">
        <Said>{lead.sentence}</Said>
      </span>
      <TroubleLink trouble={lead} />
      {all.length > 1 && <a href="/">{all.length - 1} more</a>}
    </p>
  );
}
