import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { ActionProgress } from "../ui/action-progress.tsx";
import { Card } from "../ui/card.tsx";

/** The latest bulk actions, those under way on top by being the newest. Nothing when there are none. */
export function ActionList() {
  const resource = useResource(
    "actions",
    (signal) => ask("GET /api/v1/actions", { query: { limit: 5 }, signal }),
    3000,
  );
  const actions = resource.data.value?.actions ?? [];
  if (actions.length === 0) return null;
  return (
    <Card title="Latest actions">
      {actions.map((action) => (
        <ActionProgress key={action.action} action={action} />
      ))}
    </Card>
  );
}
