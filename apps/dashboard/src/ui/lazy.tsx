import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { errorOf } from "../lib/error-of.ts";
import { Skeleton } from "./skeleton.tsx";
import { ProblemCard } from "./view.tsx";

const RELOADED = "prewarm.reloaded";
/** A page that fails again within this time after a reload shows its error, in ms. */
const AGAIN_MS = 60_000;

/** A deploy has replaced the code of this page, mostly: a reload brings the new code. Once, and not while offline. */
function reloadsOnce(): boolean {
  const before = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (!navigator.onLine || Date.now() - before < AGAIN_MS) return false;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  return true;
}

interface LazyProps<P> {
  load(): Promise<ComponentType<P>>;
  props: P;
  /** The title of what comes, where it is a page. */
  title?: string;
}

/** A page whose code comes when it is asked for: the first page does not wait for what it does not show. */
export function Lazy<P extends object>({ load, props, title }: LazyProps<P>) {
  const [loaded, setLoaded] = useState<{ Page: ComponentType<P> } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    load().then(
      (Page) => setLoaded({ Page }),
      (reason: unknown) => {
        if (reloadsOnce()) location.reload();
        else setError(errorOf(reason));
      },
    );
  }, []);
  if (error !== null) return <ProblemCard error={error} what="this page" whole retry={async () => location.reload()} />;
  if (loaded === null) return title === undefined ? null : <Skeleton what="the page" title={title} />;
  return <loaded.Page {...props} />;
}
