import { useEffect, useRef, useState } from "preact/hooks";
import { useLateness } from "../api/lateness.ts";
import { useStats } from "../api/stats.tsx";
import { clock } from "../lib/live.ts";
import { inZone } from "../lib/time-style.ts";

/** Tells who listens to the page of each change of level, with the headline of that moment, and of nothing else. */
export function LevelSaid() {
  const stats = useStats().data.value;
  const isStale = useLateness() !== null;
  const level = stats === null ? null : isStale ? "stale" : stats.health.level;
  const [said, say] = useState("");
  const before = useRef(level);
  useEffect(() => {
    if (stats !== null && before.current !== null && before.current !== level)
      say(isStale ? "The server does not answer." : inZone(stats.health.sentence, clock.peek()));
    before.current = level;
  }, [level]);
  return (
    <p class="visually-hidden" role="status" data-level-said>
      {said === "" ? null : said}
    </p>
  );
}
