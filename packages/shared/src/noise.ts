/** Names of parameters that others add to URLs, as the configuration has them by default. Beside the rule, so that a signer carries no more than both. */
export const NOISE: readonly string[] = [
  "utm_*",
  "fbclid",
  "gclid",
  "gbraid",
  "wbraid",
  "msclkid",
  "dclid",
  "yclid",
  "igshid",
  "mc_cid",
  "mc_eid",
  "_ga",
  "_gl",
  "_",
  "dpl",
  "t",
  "ref",
  "ver",
  "srsltid",
  "ttclid",
  "twclid",
  "li_fat_id",
  "epik",
  "_hsenc",
  "_hsmi",
  "ck_subscriber_id",
];

/** Whether `name` matches the configured list of ignored parameters; a trailing `*` there matches any rest. */
export function isNoise(name: string, noise: readonly string[]): boolean {
  return noise.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
