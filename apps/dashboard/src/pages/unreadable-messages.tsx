import type { UnreadableMessage } from "@prewarm/control-schema/causes";
import { Card } from "../ui/card.tsx";
import { Time } from "../ui/time.tsx";

/** Queue messages that no handler could read; nothing where there are none. */
export function UnreadableMessages({ messages }: { messages: readonly UnreadableMessage[] }) {
  if (messages.length === 0) return null;
  return (
    <Card title="Unreadable messages">
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
    </Card>
  );
}
