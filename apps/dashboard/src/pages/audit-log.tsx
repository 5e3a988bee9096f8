import type { AuditEntry } from "@prewarm/control-client/schema";
import { useEffect } from "preact/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { auditLink, auditSentence } from "../lib/audit-words.ts";
import { place } from "../lib/router.ts";
import { Pager } from "../ui/pager.tsx";
import { ScrollBox } from "../ui/scroll-box.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

/** Who did what and when. Another `round` reads it anew at once. */
export function AuditLog({ round }: { round: number }) {
  const cursor = place.value.searchParams.get("audit");
  const resource = useResource(
    `audit|${cursor ?? ""}`,
    (signal) => ask("GET /api/v1/audit", { query: { limit: 20, ...(cursor ? { cursor } : {}) }, signal }),
    5000,
  );
  // A new round is the reason
  useEffect(() => void (round > 0 && resource.refresh()), [round]);
  const next = resource.data.value?.nextCursor ?? null;
  return (
    <section class="card" aria-labelledby="audit">
      <h2 id="audit">Audit log</h2>
      <View resource={resource} what="the audit log">
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty title="Nobody has changed anything yet">
              Every run, pause, limit, retry, cancel and purge stands here with who did it.
            </Empty>
          ) : (
            <Entries entries={entries} />
          )
        }
      </View>
      <Pager
        what="the audit log"
        cursor={cursor}
        next={next}
        urlOf={(to) => (to === null ? "/steering" : `/steering?${new URLSearchParams({ audit: to })}`)}
      />
    </section>
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
            <th scope="col">As written</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.seq}>
              <td class="nowrap">
                <Time at={entry.at} />
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
  return href === null ? <>{words}</> : <a href={href}>{words}</a>;
}
