import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Requests between two collections. A request of 1,000 items leaves about a megabyte. */
const REQUESTS = 25;
/** Of so many collections one gives pages back to the system, which takes three times as long. */
const GIVE_BACK = 8;

/**
 * Keeps the memory of this process as small over a million items as over some thousands. V8 lets its young space and its
 * garbage grow while there is room, whatever the program holds. Returns what is to be called after each request of a long
 * list.
 */
export function keepHeapSmall(): () => void {
  // The young space keeps the size that it begins with.
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: object) => void;
  let calls = 0;
  return () => {
    calls += 1;
    if (calls % REQUESTS !== 0) return;
    const flavor = calls % (REQUESTS * GIVE_BACK) === 0 ? "last-resort" : "regular";
    collect({ type: "major", execution: "sync", flavor });
  };
}
