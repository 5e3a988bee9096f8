/*
 * What an operator may do, act by act. A token in `ADMIN_TOKEN` may do everything, unless its acts stand behind its owner's name:
 * `oncall[retry+pause]:<token>`.
 */

/** `limits`: rate, concurrency, budget. `mend`: the doctor, test events. `copy`: export, import and restore of the ledger. */
export const ACTS = ["warm", "retry", "cancel", "promote", "pause", "limits", "purge", "mend", "copy"] as const;
export type Act = (typeof ACTS)[number];

export function isAct(word: string): word is Act {
  return ACTS.some((act) => act === word);
}

/** One of a secret's tokens: `anna:…` is Anna's. A token itself holds no colon. */
export interface NamedToken {
  name: string | null;
  token: string;
  /** Words that stand in brackets, acts or not; null: there are no brackets. */
  acts: string[] | null;
}

export function namedToken(entry: string): NamedToken {
  const [, name, acts, token] = /^([A-Za-z0-9._-]{1,40})(?:\[([^\]]*)\])?:(.*)$/s.exec(entry) ?? [];
  if (name === undefined || token === undefined) return { name: null, token: entry, acts: null };
  return { name, token, acts: acts === undefined ? null : acts.split("+") };
}
