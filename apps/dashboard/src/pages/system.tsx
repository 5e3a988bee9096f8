import type { Finding } from "@prewarm/control-schema/doctor";
import type { EventDelivery } from "@prewarm/control-schema/events";
import { useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Card } from "../ui/card.tsx";
import { Table } from "../ui/table.tsx";
import { Then, Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";
import { Capacity } from "./capacity.tsx";
import { HookDeliveries } from "./hook-deliveries.tsx";

/** Whether it is ready, what runs, what the doctor finds, and what others are told. */
export function SystemPage() {
  const stats = useStats().data.value;
  return (
    <>
      <header class="page-head">
        <h1>System</h1>
      </header>
      <div class="columns">
        <Readiness />
        <Doctor />
      </div>
      {stats !== null && <Capacity stats={stats} />}
      <HookDeliveries />
      <Events />
    </>
  );
}

interface Ready {
  status: string;
  /** Checks that fail. */
  failing?: number;
  /** To callers with a token or a session. Where Access does not stand before /readyz, its people are strangers there. */
  reasons?: string[];
}

function Readiness() {
  const { versions, environment } = useStats().data.value ?? { versions: null, environment: "" };
  const resource = useResource(
    "readyz",
    async (signal) => (await (await fetch("/readyz", { signal, cache: "no-store" })).json()) as Ready,
    10_000,
  );
  return (
    <Card title="Readiness">
      <View resource={resource} what="readiness">
        {({ status, failing = 0, reasons = [] }) => (
          <>
            <p>
              <span class={status === "ready" ? "pill good" : "pill bad"}>{status}</span> {environment}
            </p>
            {failing > 0 && reasons.length === 0 && (
              <p>{plural(failing, "failing check")}: the Worker's log says which.</p>
            )}
            <ul class="small-text">
              {reasons.map((reason) => (
                <li key={reason} class="break">
                  {reason}
                </li>
              ))}
            </ul>
          </>
        )}
      </View>
      <Version what="Worker" version={versions?.consumer ?? null} />
      <Version what="ledger" version={versions?.ledger ?? null} />
    </Card>
  );
}

/** A deploy replaces the ledger's code at its own time. */
function Version({ what, version }: { what: string; version: { id: string; tag: string } | null }) {
  if (version === null) return <p class="muted">The platform reports no version of the {what} here.</p>;
  return (
    <p class="muted break">
      The {what} runs version {version.tag || "without a tag"} <span class="mono">{version.id}</span>
    </p>
  );
}

/** Report first, then mend: the same walk over the whole store, part by part. */
function Doctor() {
  const [found, setFound] = useState<Finding[] | null>(null);
  const walk = (fix: boolean) => async () => {
    const all: Finding[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const part: { findings: Finding[]; nextCursor: string | null } = await ask("POST /api/v1/doctor", {
        body: { fix, cursor, restored: false },
      });
      all.push(...part.findings);
      cursor = part.nextCursor;
    }
    setFound(all);
    return all.length === 0 ? "The ledger and R2 agree." : `${plural(all.length, "finding")}.`;
  };
  return (
    <Card title="Doctor">
      <p class="muted">Compares the ledger with R2. The cron does the same in the background, a slice a minute.</p>
      {may("mend") && (
        <p>
          <ActButton act={walk(false)}>Report</ActButton>{" "}
          <ActButton class="danger-outline" disabled={found === null || found.length === 0} act={walk(true)}>
            Mend what was found
          </ActButton>
        </p>
      )}
      {found !== null && found.length === 0 && <p>Nothing to mend.</p>}
      <ul class="small-text">
        {(found ?? []).map((one) => (
          <li key={`${one.code}${one.examples[0]}`}>
            <b class="mono">{one.code}</b> {count(one.count)}: {one.message} {one.fixed && <b>Mended.</b>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Events() {
  const resource = useResource("events", (signal) => ask("GET /api/v1/events", { query: { limit: 50 }, signal }), 4000);
  const test = async () => {
    const { endpoints } = await ask("POST /api/v1/events/test", {});
    await resource.refresh();
    return `A test event goes to ${plural(endpoints, "endpoint")}.`;
  };
  return (
    <Card title="Events out">
      <View resource={resource} what="events">
        {({ endpoints, events }) =>
          endpoints.length === 0 ? (
            <Empty title="No event endpoints yet">
              List endpoints under <span class="mono">events</span> in prewarm.config.ts. They receive signed events:
              finished runs, images that are ready, and troubles.
            </Empty>
          ) : (
            <>
              <ul class="small-text">
                {endpoints.map(({ url, types }, index) => (
                  <li key={`${index}${url}`}>
                    <span class="mono break">{url}</span> {types === null ? "everything" : types.join(", ")}
                  </li>
                ))}
              </ul>
              {may("mend") && <ActButton act={test}>Send a test</ActButton>}
              {events.length > 0 && <Deliveries events={events} />}
            </>
          )
        }
      </View>
    </Card>
  );
}

/** What was sent: its text, and the whole body on demand. */
function Sent({ event: { type, body } }: { event: EventDelivery }) {
  const { text } = JSON.parse(body) as { text?: string };
  return (
    <details>
      <summary class="mono">{type}</summary>
      {text !== undefined && <p class="break">{text}</p>}
      <pre class="break small-text">{body}</pre>
    </details>
  );
}

function Deliveries({ events }: { events: readonly EventDelivery[] }) {
  return (
    <Table
      label="Deliveries"
      isOfText
      rows={events}
      keyOf={(event) => `${event.id}${event.endpoint}${event.at}`}
      columns={[
        ["When", ({ at }) => <Time at={at} />],
        ["Sent", (event) => <Sent event={event} />],
        ["To", ({ endpoint }) => endpoint],
        ["State", (event) => <State event={event} />],
        ["Answer", ({ status, said }) => `${status === null ? "–" : status === 0 ? "none" : status} ${said ?? ""}`],
      ]}
    />
  );
}

function State({ event: { state, nextAt, tries } }: { event: EventDelivery }) {
  return (
    <>
      {state}
      <Then words=", again" at={tries > 0 ? nextAt : null} />
    </>
  );
}
