/** Bytes of a robots.txt that are read. RFC 9309 asks for 500 KiB at least. */
export const ROBOTS_MAX_BYTES = 512_000;

/** What a site's robots.txt allows a program. */
export interface Robots {
  /** `path`: with its query. */
  allows(path: string): boolean;
  /** Between two pages, in ms; null: the file does not say. */
  delayMs: number | null;
  /** Addresses of sitemaps, as written. */
  sitemaps: readonly string[];
}

interface Rule {
  pattern: string;
  allow: boolean;
}

/** The longest Crawl-delay that is kept, in ms: a site that asks for more would take days. */
const DELAY_MAX_MS = 10_000;

/**
 * Reads robots.txt as RFC 9309 says: the groups that name `agent`, else those of `*`. The longest pattern that matches decides, and `Allow`
 * where two are equally long.
 */
export function readRobots(text: string, agent: string): Robots {
  const groups: { agents: string[]; rules: Rule[]; delayMs: number | null }[] = [];
  const sitemaps: string[] = [];
  let isHead = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [said = ""] = line.split("#", 1);
    const colon = said.indexOf(":");
    const field = said.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = said.slice(colon + 1).trim();
    if (field === "sitemap") sitemaps.push(value);
    if (field === "user-agent") {
      if (!isHead) groups.push({ agents: [], rules: [], delayMs: null });
      groups.at(-1)?.agents.push(value.toLowerCase());
    }
    if (field !== "") isHead = field === "user-agent";
    const group = groups.at(-1);
    if ((field === "allow" || field === "disallow") && value !== "")
      group?.rules.push({ pattern: value, allow: field === "allow" });
    if (field === "crawl-delay" && group !== undefined && Number(value) > 0)
      group.delayMs = Math.min(DELAY_MAX_MS, Number(value) * 1000);
  }
  const named = groups.filter(({ agents }) => agents.includes(agent));
  const own = named.length > 0 ? named : groups.filter(({ agents }) => agents.includes("*"));
  const rules = own.flatMap((group) => group.rules);
  const delayMs = own.reduce<number | null>((most, one) => one.delayMs ?? most, null);
  return { allows: (path) => allows(rules, path), delayMs, sitemaps };
}

function allows(rules: readonly Rule[], path: string): boolean {
  let best: Rule | null = null;
  for (const rule of rules) {
    if (!matches(rule.pattern, path)) continue;
    const more = rule.pattern.length - (best?.pattern.length ?? -1);
    if (more > 0 || (more === 0 && rule.allow)) best = rule;
  }
  return best?.allow ?? true;
}

/** `*` stands for any text, and `$` at the end for the path's end. Takes linear time in the path for each part of the pattern. */
function matches(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith("$");
  const [head = "", ...parts] = (isWhole ? pattern.slice(0, -1) : pattern).split("*");
  if (!path.startsWith(head)) return false;
  const last = isWhole ? parts.pop() : undefined;
  let at = head.length;
  for (const part of parts) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  if (!isWhole) return true;
  return last === undefined ? at === path.length : path.length - last.length >= at && path.endsWith(last);
}
