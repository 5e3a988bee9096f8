import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { Time } from "../ui/time.tsx";

const EVERY_MS = 30_000;

/** Queue messages that no handler could read; nothing where there are none. */
export function DeadMessages() {
  const resource = useResource(
    "messages",
    (signal) => ask("GET /api/v1/dead", { query: { limit: 1 }, signal }),
    EVERY_MS,
  );
  const messages = resource.data.value?.messages ?? [];
  if (messages.length === 0) return null;
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
