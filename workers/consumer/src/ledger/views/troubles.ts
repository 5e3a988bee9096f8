import { countCauses, type FailedState } from "../../console/causes.ts";
import type { Slice } from "../../console/tables/history.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { Trouble, Troubles } from "../calls.ts";

/*
 * The current troubles, each with the most frequent cause of the newest jobs that stand failed.
 */

/** The first minutes of the slices that are given, Unix ms. */
interface Since {
  lately: number;
  hour: number;
}

export function troublesOf(
  tx: ImageTx,
  { lately, hour, since }: { lately: Slice; hour: Slice; since: Since },
): Troubles {
  const ended = hour.stored + hour.dead + hour.refused;
  const trouble = (n: number, of: number, states: FailedState[], from: number): Trouble | null =>
    n === 0 ? null : { n, of, top: topOf(tx, states, from) };
  return {
    failing: trouble(lately.failed, lately.stored + lately.failed, ["retrying", "dead"], since.lately),
    refusing: trouble(hour.refused, ended, ["refused"], since.hour),
    died: trouble(hour.dead, ended, ["dead"], since.hour),
  };
}

function topOf(tx: ImageTx, states: FailedState[], from: number): Trouble["top"] {
  const causes = countCauses(tx, { states, from, newest: true });
  const [top] = causes;
  if (top === undefined) return null;
  const { cause, code, text, count, formats, prefixes } = top;
  const [first] = prefixes;
  return {
    ...{ cause, code, text, count, of: causes.reduce((sum, one) => sum + one.count, 0) },
    formats: Object.keys(formats).sort(),
    prefix: prefixes.length === 1 && first !== undefined ? first.prefix : "",
  };
}
