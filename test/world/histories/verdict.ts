import type fc from "fast-check";

/**
 * What a run of histories says. Only a history that broke, or all of them played, says anything; a run whose time was out before says
 * neither that they hold nor that they break, and how far it came.
 */
export interface Verdict {
  kind: "held" | "broken" | "none";
  /** For people. */
  said: string;
}

/** @param played how many histories were played to their end */
export function verdictOf(
  { counterexample }: Pick<fc.RunDetails<unknown>, "counterexample">,
  played: number,
  of: number,
): Verdict {
  // A run that was interrupted before its first history has ended counts as failed too, and has none.
  if (counterexample !== null) return { kind: "broken", said: `broken after ${played} of ${of} histories` };
  if (played < of) return noVerdict(played, of);
  return { kind: "held", said: `held: ${played} histories` };
}

export function noVerdict(played: number, of: number): Verdict {
  return { kind: "none", said: `no verdict: played ${played} of ${of} histories` };
}
