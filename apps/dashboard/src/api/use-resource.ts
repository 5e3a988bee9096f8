import { useEffect, useRef } from "preact/hooks";
import { live, news, used } from "../lib/live.ts";
import { Resource, type ResourceOptions } from "./poll.ts";

/**
 * A resource of this component. Another `key` follows another query; what is shown stays until its answer is here.
 * `more`: what else a resource takes.
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number | null,
  more: Pick<ResourceOptions<T>, "isFinal" | "calmestMs" | "onChange"> = {},
): Resource<T> {
  const held = useRef<{ resource: Resource<T>; key: string } | null>(null);
  if (held.current === null)
    held.current = { resource: new Resource({ load, everyMs, live, used, news, ...more }), key };
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
