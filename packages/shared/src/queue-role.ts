const ROLES = ["live", "work", "uploads", "dead"] as const;

/** What a queue carries: viewers' misses, what the ledger found due, R2's notifications, or the platform's dead letters. */
export type QueueRole = (typeof ROLES)[number];

/**
 * A queue's role is the one word of its name that names a role: `prewarm-uploads`, `prewarm-uploads-staging`, `acme-uploads`. Queue names belong
 * to the whole account, so every environment has its own. Null: no such word, or several.
 */
export function queueRole(name: string): QueueRole | null {
  const words = name.split(/[-_]/);
  const [role, ...others] = ROLES.filter((one) => words.includes(one));
  return role === undefined || others.length > 0 ? null : role;
}
