import type { AuditEntry } from "@prewarm/control-schema/audit";
import { useEffect } from "preact/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { auditLink, auditSentence } from "../lib/audit-words.ts";
import { plural } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { groupsOf, type LogGroup, movesWords } from "../lib/log-groups.ts";
import { navigate, place } from "../lib/router.ts";
import { aroundTime } from "../lib/time-style.ts";
import { Card } from "../ui/card.tsx";
import { Pager } from "../ui/pager.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

/** Who did what and when, by minutes; moves of automatic limits folded. Another `round` reads it anew at once. */
export function GateLog({ round }: { round: number }) {
  const cursor = place.value.searchParams.get("audit");
  const search = place.value.searchParams.get("log") ?? "";
  const around = aroundTime(search, clock.value);
  const query = { limit: 30, ...(cursor ? { cursor } : {}), ...(around ?? (search ? { search } : {})) };
  const resource = useResource(
    `audit|${search}|${cursor}`,
    (signal) => ask("GET /api/v1/audit", { query, signal }),
    5000,
  );
  // A new round is the reason
  useEffect(() => void (round > 0 && resource.refresh()), [round]);
  const next = resource.data.value?.nextCursor ?? null;
  return (
    <Card title="Log" class="gate-log" beside={<LogSearch key={search} search={search} />}>
      <View resource={resource} what="the log">
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty title={search ? "No entry matches" : "No changes yet"}>
              The log lists every run, pause, limit, retry, cancel and purge, and who did it.
            </Empty>
          ) : (
            <ol class="lined">
              {groupsOf(entries).map((group) => (
                <Group key={`${group.at} ${group.entries[0]?.seq}`} group={group} isOpen={search !== ""} />
              ))}
            </ol>
          )
        }
      </View>
      <Pager what="the audit log" isBelow cursor={cursor} next={next} urlOf={(to) => logUrl(search, to)} />
    </Card>
  );
}

function logUrl(search: string, cursor: string | null): string {
  const query = new URLSearchParams({ ...(search ? { log: search } : {}), ...(cursor ? { audit: cursor } : {}) });
  return query.size > 0 ? `/steering?${query}` : "/steering";
}

/** Text that an entry holds: a name, an act, an id; or a time. */
function LogSearch({ search }: { search: string }) {
  return (
    <search class="grow">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const typed = new FormData(event.currentTarget).get("log");
          navigate(logUrl(String(typed ?? "").trim(), null), { replace: true });
        }}
      >
        <input
          type="search"
          name="log"
          aria-label="Search the audit log"
          placeholder="14:05, who, what or an id"
          maxLength={200}
          defaultValue={search}
        />
      </form>
    </search>
  );
}

function Group({ group, isOpen }: { group: LogGroup; isOpen: boolean }) {
  const { at, entries, isFolded } = group;
  if (!isFolded) return <Minute at={at} entries={entries} />;
  return (
    <li class="log-minute">
      <details open={isOpen}>
        <summary class="muted">
          <Time at={at} asClock /> {plural(entries.length, "automatic move")}: {movesWords(group)}
        </summary>
        <ol>
          <Minute at={at} entries={entries} />
        </ol>
      </details>
    </li>
  );
}

function Minute({ at, entries }: Pick<LogGroup, "at" | "entries">) {
  return (
    <li class="log-minute">
      <span class="muted num">
        <Time at={at} asClock />
      </span>
      <ul>
        {entries.map((entry) => (
          <li key={entry.seq}>
            <p class="break">
              <Who who={entry.who} /> <Words entry={entry} />
            </p>
            <details>
              <summary aria-label={`Details: ${entry.what}`} />
              <pre class="mono break small-text">
                {JSON.stringify({ what: entry.what, target: entry.target, ...entry.details }, null, 1)}
              </pre>
            </details>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Who({ who }: { who: string }) {
  return who === "automatic" ? <span class="muted">automatic:</span> : <b>{who}:</b>;
}

function Words({ entry }: { entry: AuditEntry }) {
  const href = auditLink(entry);
  const words = auditSentence(entry);
  return href === null ? words : <a href={href}>{words}</a>;
}
