import type { AuditEntry } from "@prewarm/control-schema/audit";
import { useEffect } from "preact/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { auditLink, auditSentence } from "../lib/audit-words.ts";
import { clock } from "../lib/live.ts";
import { navigate, place } from "../lib/router.ts";
import { aroundTime } from "../lib/time-style.ts";
import { Pager } from "../ui/pager.tsx";
import { ScrollBox } from "../ui/scroll-box.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

/** Who did what and when. Another `round` reads it anew at once. */
export function AuditLog({ round }: { round: number }) {
  const cursor = place.value.searchParams.get("audit");
  const search = place.value.searchParams.get("log") ?? "";
  const around = aroundTime(search, clock.value);
  const query = { limit: 20, ...(cursor ? { cursor } : {}), ...(around ?? (search ? { search } : {})) };
  const resource = useResource(
    `audit|${search}|${cursor}`,
    (signal) => ask("GET /api/v1/audit", { query, signal }),
    5000,
  );
  // A new round is the reason
  useEffect(() => void (round > 0 && resource.refresh()), [round]);
  const next = resource.data.value?.nextCursor ?? null;
  return (
    <section class="card" aria-labelledby="audit">
      <header class="card-head">
        <h2 id="audit">Audit log</h2>
        <LogSearch key={search} search={search} />
      </header>
      <View resource={resource} what="the log" shape="list">
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty title={search ? "No entry matches" : "No changes yet"}>
              The log lists every run, pause, limit, retry, cancel and purge, and who did it.
            </Empty>
          ) : (
            <Entries entries={entries} />
          )
        }
      </View>
      <Pager what="the audit log" isBelow cursor={cursor} next={next} urlOf={(to) => logUrl(search, to)} />
    </section>
  );
}

function logUrl(search: string, cursor: string | null): string {
  const query = new URLSearchParams({ ...(search ? { log: search } : {}), ...(cursor ? { audit: cursor } : {}) });
  return query.size > 0 ? `/steering?${query}` : "/steering";
}

/** Text that an entry holds: a name, an act, an id. */
function LogSearch({ search }: { search: string }) {
  return (
    <search>
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

function Entries({ entries }: { entries: readonly AuditEntry[] }) {
  return (
    <ScrollBox label="Audit entries">
      <table class="audit">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Details</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.seq}>
              <td class="nowrap">
                <Time at={entry.at} asClock />
              </td>
              <td>{entry.who}</td>
              <td class="break">
                <Said entry={entry} />
              </td>
              <td>
                <details>
                  <summary class="mono small-text">{entry.what}</summary>
                  <pre class="mono break small-text">
                    {JSON.stringify({ target: entry.target, ...entry.details }, null, 1)}
                  </pre>
                </details>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function Said({ entry }: { entry: AuditEntry }) {
  const href = auditLink(entry);
  const words = auditSentence(entry);
  return href === null ? words : <a href={href}>{words}</a>;
}
