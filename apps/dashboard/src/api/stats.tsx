import type { Stats } from "@prewarm/control-schema/stats";
import type { Lane } from "@prewarm/control-schema/words";
import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";
import { clock, news, noteServerTime } from "../lib/live.ts";
import type { Resource } from "./poll.ts";
import { ask } from "./session.ts";
import { useResource } from "./use-resource.ts";

const EVERY_MS = 3000;
/** The longest that a tab where nothing changes is late. All else there is asked more rarely, until these numbers change. */
const CALMEST_MS = 12_000;
const Context = createContext<Resource<Stats> | null>(null);

/** One poll of /stats for the whole page: counts in the menu, the health line, the overview. */
export function StatsProvider({ children }: { children: ComponentChildren }) {
  const resource = useResource(
    "stats",
    async (signal) => {
      const stats = await ask("GET /api/v1/stats", { signal });
      noteServerTime(stats.at);
      return stats;
    },
    EVERY_MS,
    {
      calmestMs: CALMEST_MS,
      onChange: () => {
        news.value += 1;
      },
    },
  );
  return <Context.Provider value={resource}>{children}</Context.Provider>;
}

/** The same, or null before anybody has signed in. */
export function useStatsIfAny(): Resource<Stats> | null {
  return useContext(Context);
}

export function useStats(): Resource<Stats> {
  const resource = useContext(Context);
  if (!resource) throw new Error("useStats outside of StatsProvider");
  return resource;
}

/** For how long a lane's oldest job has waited, in ms. Null: none waits. */
export function waitedMs({ waitingSince }: Stats, lane: Lane): number | null {
  const since = waitingSince[lane];
  return since === null ? null : Math.max(0, clock.value - since);
}
