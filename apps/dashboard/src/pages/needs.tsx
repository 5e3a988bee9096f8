import type { Stats } from "@prewarm/control-schema/stats";
import type { Trouble } from "@prewarm/control-schema/troubles";
import { count, plural } from "../lib/format.ts";
import { incidentsOf, Ways } from "../ui/incidents.tsx";
import { Said, Time } from "../ui/time.tsx";

/** So many stand open; the others are folded. */
const OPEN = 4;

/** What an operator can do besides what the headline says, the worst first, then the notes. */
export function Needs({ stats: { troubles, deadLetters } }: { stats: Stats }) {
  const { all, acknowledged, notes } = incidentsOf(troubles);
  const rest = [...all.slice(1), ...notes];
  const isDeadTold = troubles.some(({ code }) => code === "died");
  return (
    <section class="needs" aria-labelledby="needs">
      <h2 id="needs">What {all.length > 0 && "else "}needs you</h2>
      {rest.length === 0 && deadLetters === 0 && <p class="muted">Nothing {all.length > 0 && "else "}needs you.</p>}
      <List troubles={rest.slice(0, OPEN)} />
      {deadLetters > 0 && !isDeadTold && (
        <div class="need">
          <span class="lamp" data-mark="note" aria-hidden="true" />
          <p>{plural(deadLetters, "dead job")} could be tried again.</p>
          <a href="/jobs/causes?window=all&state=dead">Causes</a>
        </div>
      )}
      <Folded title="More" troubles={rest.slice(OPEN)} />
      <Folded title="Acknowledged" troubles={acknowledged} />
    </section>
  );
}

function Folded({ title, troubles }: { title: string; troubles: readonly Trouble[] }) {
  if (troubles.length === 0) return null;
  return (
    <details>
      <summary class="small-text">
        {title}: {count(troubles.length)}
      </summary>
      <List troubles={troubles} />
    </details>
  );
}

function List({ troubles }: { troubles: readonly Trouble[] }) {
  if (troubles.length === 0) return null;
  return (
    <ul class="lined">
      {troubles.map((trouble) => (
        <li key={trouble.key} class="need">
          <span class="lamp" data-mark={trouble.level} aria-hidden="true" />
          <div>
            <p>
              <Said>{trouble.sentence}</Said>
            </p>
            <p class="muted small-text">
              <More trouble={trouble} />
            </p>
          </div>
          <span class="stack">
            <Ways incident={trouble} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function More({ trouble: { acknowledged, cure, past, since } }: { trouble: Trouble }) {
  if (acknowledged)
    return (
      <>
        {acknowledged.who}, <Time at={acknowledged.at} />.
      </>
    );
  return (
    <>
      {past && "Within the last hour. "}
      {cure} {since !== null && <Time at={since} />}
    </>
  );
}
