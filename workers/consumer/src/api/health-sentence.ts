import type { Health, Trouble } from "@prewarm/control-schema/troubles";
import { counted, momentOf } from "@prewarm/shared/words";

interface Standing {
  open: number;
  dead: number;
  /** When the oldest job that waits was ordered, Unix ms; null: none does. */
  oldestAt: number | null;
  /** When all is done, Unix ms; null: it is not known. */
  doneAt: number | null;
}

/** The state of everything in a sentence: the first trouble that nobody has acknowledged, or how much is open. Notes are told with the latter. */
export function healthSentence(troubles: readonly Trouble[], standing: Standing): Health {
  const loud = troubles.filter(({ acknowledged }) => acknowledged === null);
  const worst = loud.find(({ level }) => level !== "note");
  if (worst !== undefined && worst.level !== "note")
    return { level: worst.level, sentence: worst.sentence, since: worst.since };
  const quiet = troubles.filter(({ level, acknowledged }) => level !== "note" && acknowledged !== null).length;
  const state = quiet === 0 ? "Healthy" : `${counted(quiet, "acknowledged trouble")}, no other`;
  const dead = standing.dead === 0 ? "" : ` ${counted(standing.dead, "dead letter")} to look at.`;
  const notes = loud.map(({ sentence }) => ` ${sentence}`).join("");
  return { level: "ok", sentence: `${state}: ${work(standing)}.${notes}${dead}`, since: null };
}

function work({ open, oldestAt, doneAt }: Standing): string {
  if (open === 0) return "nothing waits";
  const oldest = oldestAt === null ? "" : `, the oldest since ${momentOf(oldestAt)}`;
  const eta = doneAt === null ? "" : `; done at about ${momentOf(doneAt)}`;
  return `${counted(open, "job")} open${oldest}${eta}`;
}
