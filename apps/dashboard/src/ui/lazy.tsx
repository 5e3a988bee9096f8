import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ProblemCard } from "./view.tsx";

/** A page whose code comes when it is asked for: the first page does not wait for what it does not show. */
export function Lazy<P extends object>({ load, props }: { load(): Promise<ComponentType<P>>; props: P }) {
  const [loaded, setLoaded] = useState<{ Page: ComponentType<P> } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    load().then(
      (Page) => setLoaded({ Page }),
      (reason: unknown) => setError(reason instanceof Error ? reason : new Error(String(reason))),
    );
  }, []);
  if (error !== null) return <ProblemCard error={error} what="this page" whole retry={async () => location.reload()} />;
  if (loaded === null)
    return (
      <div class="skeleton" role="status">
        <span class="visually-hidden">Loading the page…</span>
        <i />
      </div>
    );
  return <loaded.Page {...props} />;
}
