/*
 * What an operator may do, act by act. A token in `ADMIN_TOKEN` may do everything, unless its acts stand behind its owner's name:
 * `oncall[retry+pause]:<token>`.
 */

/** `limits`: rate, concurrency, budget. `remove`: removal of an image, and the end of its block. `mend`: the doctor, test events. `copy`: export of the ledger. `restore`: its database as it was at a bookmark. */
export const ACTS = [
  "warm",
  "retry",
  "cancel",
  "promote",
  "pause",
  "limits",
  "purge",
  "remove",
  "mend",
  "copy",
  "restore",
] as const;
export type Act = (typeof ACTS)[number];

export function isAct(word: string): word is Act {
  return ACTS.some((act) => act === word);
}

/** One of a secret's tokens: `anna:…` is Anna's. A token itself holds no colon, bracket or blank. */
export interface NamedToken {
  name: string | null;
  token: string;
  /** Words that stand in brackets, acts or not; null: there are no brackets. */
  acts: string[] | null;
}

/** Null: the entry does not parse. It must not be a token then, because a misspelt restriction would be none. */
export function namedToken(entry: string): NamedToken | null {
  const [, name, acts, token] = /^(?:([A-Za-z0-9._-]{1,40})(?:\[([^\]]*)\])?:)?([^\s:[\]]+)$/.exec(entry) ?? [];
  return token === undefined ? null : { name: name ?? null, token, acts: acts?.split("+") ?? null };
}
