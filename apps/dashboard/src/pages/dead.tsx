import type { DeadGroup, DeadLetters, DeadMessage } from "@prewarm/control-schema/dead";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { place } from "../lib/router.ts";
import { JobTable } from "../ui/job-table.tsx";
import { Pager } from "../ui/pager.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";
import { ActionList } from "./action-list.tsx";
import { type Bulk, useBulk } from "./bulk.tsx";

/** Dead letters by cause; a cause opens its jobs. */
export function DeadPage() {
  const query = place.value.searchParams;
  const [fingerprint, cursor] = [query.get("cause"), query.get("cursor")];
  const load = (signal: AbortSignal) =>
    ask("GET /api/v1/dead", {
      query: { limit: 50, ...(fingerprint ? { fingerprint } : {}), ...(cursor ? { cursor } : {}) },
      signal,
    });
  const resource = useResource(`${fingerprint}|${cursor}`, load, 4000);
  const { selection, open, controls } = useBulk(() => void resource.refresh());
  return (
    <>
      <Head resource={resource.data.value} fingerprint={fingerprint} open={open} />
      <View resource={resource} what="dead letters">
        {(dead) => (
          <>
            <Groups dead={dead} opened={fingerprint} open={open} />
            {fingerprint && dead.jobs.length > 0 && (
              <JobTable
                caption="Jobs of this cause"
                jobs={dead.jobs}
                selection={selection}
                changed={() => void resource.refresh()}
              />
            )}
            {fingerprint && (
              <Pager
                what="dead letters"
                cursor={cursor}
                next={dead.nextCursor}
                urlOf={(to) => urlOf(fingerprint, to)}
              />
            )}
            {!fingerprint && dead.messages.length > 0 && <Messages messages={dead.messages} />}
          </>
        )}
      </View>
      <ActionList />
      {controls}
    </>
  );
}

function Head({
  resource: dead,
  fingerprint,
  open,
}: {
  resource: DeadLetters | null;
  fingerprint: string | null;
  open(bulk: Bulk): void;
}) {
  return (
    <header class="page-head">
      <div class="grow">
        {fingerprint && (
          <p class="crumbs">
            <a href="/dead">Dead letters</a> / one cause
          </p>
        )}
        <h1>Dead letters</h1>
        {dead && !fingerprint && dead.total > 0 && (
          <p class="muted">
            {plural(dead.total, "job")} of {plural(dead.groups.length, "cause")}
            {dead.groups.length > 1 && ", the largest first"}
          </p>
        )}
      </div>
      {may("retry") && !fingerprint && (dead?.total ?? 0) > 0 && (
        <button type="button" class="primary" onClick={() => open({ kind: "retry", filter: { state: "dead" } })}>
          Retry all…
        </button>
      )}
    </header>
  );
}

function Groups({ dead, opened, open }: { dead: DeadLetters; opened: string | null; open(bulk: Bulk): void }) {
  if (dead.groups.length === 0)
    return (
      <Empty title={opened ? "No dead letters of this cause any more" : "No dead letters"}>
        {opened ? (
          <a href="/dead">All dead letters</a>
        ) : (
          <>
            A job becomes a dead letter when its error is permanent or its attempts are used up. Nothing is lost: retry
            it here. Missing or unusable originals are <i>refused</i>; they are among the{" "}
            <a href="/causes?window=all">causes</a>.
          </>
        )}
      </Empty>
    );
  return (
    <ul class="groups">
      {dead.groups.map((group) => (
        <Group key={group.fingerprint} group={group} opened={opened !== null} open={open} />
      ))}
    </ul>
  );
}

function Group({ group, opened, open }: { group: DeadGroup; opened: boolean; open(bulk: Bulk): void }) {
  const formats = Object.entries(group.formats).map(([format, number]) => `${count(number)} ${format}`);
  const body = (
    <>
      <b class="mono">{group.code}</b>
      <span class="break">{group.message}</span>
    </>
  );
  return (
    <li class="card group" data-row={group.fingerprint}>
      <b class="group-count num">{count(group.count)}</b>
      <div class="grow">
        {opened ? (
          <p class="group-title">{body}</p>
        ) : (
          <a class="group-title" href={`/dead?cause=${encodeURIComponent(group.fingerprint)}`}>
            {body}
          </a>
        )}
        <p class="muted small-text">
          first <Time at={group.firstAt} />, last <Time at={group.lastAt} /> · {formats.join(", ")} · for example{" "}
          <a class="break" href={`/jobs/${group.sample.job}`}>
            {group.sample.id}
          </a>
        </p>
      </div>
      {may("retry") && (
        <button
          type="button"
          data-retry
          onClick={() =>
            open({
              kind: "retry",
              filter: { state: "dead", fingerprint: group.fingerprint },
              what: `Dead letters of ${group.code}: ${group.message}`,
            })
          }
        >
          Retry {count(group.count)}…<span class="visually-hidden"> of {group.code}</span>
        </button>
      )}
    </li>
  );
}

function urlOf(cause: string, cursor: string | null): string {
  return `/dead?${new URLSearchParams({ cause, ...(cursor ? { cursor } : {}) })}`;
}

function Messages({ messages }: { messages: readonly DeadMessage[] }) {
  return (
    <section class="card" aria-labelledby="messages">
      <h2 id="messages">Unreadable messages</h2>
      <p class="muted">Queue messages that no handler could read. No job is lost: the ledger sends due jobs again.</p>
      {messages.map((message) => (
        <details key={message.id}>
          <summary>
            <span class="mono">{message.queue}</span> {message.reason}{" "}
            <span class="muted">
              <Time at={message.at} />
            </span>
          </summary>
          <pre class="break">{message.body}</pre>
        </details>
      ))}
    </section>
  );
}
