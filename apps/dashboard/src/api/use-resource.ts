import { useEffect, useRef } from "preact/hooks";
import { live, used } from "../lib/live.ts";
import { createResource, type Resource } from "./poll.ts";

/**
 * A resource of this component. Another `key` follows another query; what is shown stays until its answer is here.
 * `isFinal`: an answer after which nothing changes, so that polling stops.
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number | null,
  isFinal?: (data: T) => boolean,
): Resource<T> {
  const held = useRef<{ resource: Resource<T>; key: string } | null>(null);
  if (held.current === null) held.current = { resource: createResource({ load, everyMs, live, used, isFinal }), key };
  const { resource } = held.current;
  // Only the key tells whether the query has changed: `load` is a new function on every render.
  useEffect(() => {
    if (held.current && held.current.key !== key) {
      held.current.key = key;
      void resource.follow(load);
    }
  }, [key]);
  useEffect(() => () => resource.close(), [resource]);
  return resource;
}
