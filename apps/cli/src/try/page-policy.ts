import { allows, directivesOf } from "@prewarm/shared/content-policy";
import { OWN_PATH, type SiteNames } from "./site-names.ts";

/** Where a browser would send reports of this visit, and what would turn this machine's http into https. */
const LEFT_OUT = /^(?:report-uri|report-to|upgrade-insecure-requests|block-all-mixed-content)$/;
/** Directives whose values are sources. */
const OF_SOURCES = /(?:-src|-src-elem|-src-attr|^base-uri|^form-action|^frame-ancestors)$/;

/** What `bar.js` and the variants need, each by the first of these directives that a policy has. */
const OWN_NEEDS = [
  { directives: ["script-src-elem", "script-src", "default-src"], paths: ["bar.js"] },
  { directives: ["connect-src", "default-src"], paths: ["bar.json", "images/"] },
  { directives: ["img-src", "default-src"], paths: ["images/"] },
] as const;

/**
 * The page's own policies as they hold on this machine: a source that allows a host of the web allows it under its name here too, and the bar may
 * work. `nonce`: of the bar's script, for a policy that goes by trust and not by hosts.
 */
export function localPolicy(policies: string, page: URL, names: SiteNames, nonce: string): string {
  return policies
    .split(",")
    .map((policy) => onePolicy(policy, page, names, nonce))
    .filter((policy) => policy !== "")
    .join(", ");
}

function onePolicy(policy: string, page: URL, names: SiteNames, nonce: string): string {
  const directives = new Map<string, string[]>();
  for (const [name, values] of directivesOf(policy))
    if (!LEFT_OUT.test(name)) directives.set(name, OF_SOURCES.test(name) ? withLocal(values, page, names) : values);
  for (const { directives: chain, paths } of OWN_NEEDS) {
    const name = chain.find((one) => directives.has(one));
    if (name === undefined) continue;
    const found = directives.get(name) ?? [];
    const isTrusted = paths[0] === "bar.js" && found.includes("'strict-dynamic'");
    const needed = isTrusted ? [`'nonce-${nonce}'`] : paths.map((path) => `${names.home}${OWN_PATH}${path}`);
    const values = [...found.filter((value) => value.toLowerCase() !== "'none'"), ...needed];
    // `default-src` itself stays: what else falls back to it gains nothing.
    directives.set(name === "default-src" ? chain[0].replace("-elem", "") : name, values);
  }
  return [...directives].map(([name, values]) => [name, ...values].join(" ")).join("; ");
}

function withLocal(values: readonly string[], page: URL, names: SiteNames): string[] {
  const local = names
    .origins()
    .filter(({ origin }) => values.some((value) => allows(value, new URL(origin), page, null)))
    .map((one) => one.local);
  return [...values, ...local];
}
