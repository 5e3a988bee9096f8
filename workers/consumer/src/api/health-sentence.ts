import type { Health, Warning } from "@prewarm/control-schema/stats";
import { counted, span } from "@prewarm/shared/words";

/** The state of everything in a sentence: the worst that nobody has acknowledged, or how much is open. Notes are told with the latter. */
export function healthSentence(
  warnings: readonly Warning[],
  standing: { open: number; oldestMs: number | null; secondsLeft: number | null },
): Health {
  const loud = warnings.filter(({ acknowledged }) => acknowledged === null);
  const [worst] = loud;
  if (worst !== undefined && worst.level !== "note")
    return { level: worst.level, sentence: worst.sentence, since: worst.since };
  const quiet = warnings.filter(({ level, acknowledged }) => level !== "note" && acknowledged !== null).length;
  const state = quiet === 0 ? "Healthy" : `${counted(quiet, "acknowledged trouble")}, no other`;
  const notes = loud.map(({ sentence }) => ` ${sentence}`).join("");
  return { level: "ok", sentence: `${state}: ${work(standing)}.${notes}`, since: null };
}

function work({
  open,
  oldestMs,
  secondsLeft,
}: {
  open: number;
  oldestMs: number | null;
  secondsLeft: number | null;
}): string {
  if (open === 0) return "nothing waits";
  const oldest = oldestMs === null ? "" : `, the oldest for ${span(oldestMs)}`;
  const eta = secondsLeft === null ? "" : `; done in about ${span(secondsLeft * 1000)}`;
  return `${counted(open, "job")} open${oldest}${eta}`;
}
