import { randomBytes } from "node:crypto";
import type { Config } from "@prewarm/shared/config";
import { secretNames } from "@prewarm/shared/config";
import { checkEnvironment } from "@prewarm/shared/environment-check";
import { CliError, EXIT } from "../platform/exit-codes.ts";

/** Where the values of secrets come from. */
export interface SecretSources {
  /** A value in our own environment. */
  value(name: string): string | undefined;
  /** The person at the terminal; null: there is none. A secret that is made here is shown to a person only, never to a log. */
  person: {
    /** What is typed is not shown. */
    askSecret(question: string): Promise<string>;
    show(line: string): void;
  } | null;
}

/** What is made in one run, by name: both Workers get the same. */
export type Made = Map<string, string>;

/** How a secret is made that has no other owner; null: it is somebody else's, such as Ittybit's key. */
function makerOf(name: string, { hooks, events }: Config): { make: () => string; isOurs: boolean } | null {
  if (["ADMIN_TOKEN", "VIEWER_TOKEN", "SIGNING_KEYS"].includes(name))
    return { make: () => randomBytes(24).toString("base64url"), isOurs: true };
  if (events.some((endpoint) => "url" in endpoint && endpoint.secrets.includes(name)))
    return { make: webhookSecret, isOurs: true };
  // The sender of a hook may bring its own.
  const hook = Object.values(hooks).find(({ verifier }) => secretNames(verifier).includes(name));
  if (hook === undefined) return null;
  const make = hook.verifier.kind === "standard-webhooks" ? webhookSecret : () => randomBytes(32).toString("hex");
  return { make, isOurs: false };
}

function webhookSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** What the plan says of a secret that is not set. `isElsewhere`: the other Worker has it, so another value would be wrong. */
export function sourceOf(name: string, site: Config, { value, person }: SecretSources, isElsewhere: boolean): string {
  if (value(name)) return "from the environment";
  const maker = isElsewhere ? null : makerOf(name, site);
  if (maker === null || person === null) return "will be asked for";
  return maker.isOurs ? "will be made, and shown once" : "will be asked for, or made and shown once";
}

/** The value of a secret that is not set. What it makes, it adds to `made`. */
export async function secretValue(
  name: string,
  site: Config,
  { value, person }: SecretSources,
  { made, isElsewhere }: { made: Made; isElsewhere: boolean },
): Promise<string> {
  const given = value(name) || made.get(name);
  if (given) return given;
  const missing = `${name} is not given: set it in the environment, or type it when asked.`;
  if (person === null) throw new CliError(EXIT.usage, missing);
  const maker = isElsewhere ? null : makerOf(name, site);
  const question = maker === null ? `${name}: ` : `${name} (Enter makes one): `;
  const typed = maker?.isOurs ? "" : (await person.askSecret(question)).trim();
  if (typed !== "") return typed;
  if (maker === null) throw new CliError(EXIT.usage, missing);
  const text = maker.make();
  made.set(name, text);
  return text;
}

/** Refuses what /readyz would call a fault once it is deployed. */
export function judgeSecrets(values: Readonly<Record<string, string>>, site: Config): void {
  const given = { value: (name: string) => values[name], hasBucket: () => true };
  const faults = checkEnvironment(site, [], given).filter((fault) => values[fault.split(":")[0] ?? ""] !== undefined);
  const [first, ...others] = faults;
  if (first !== undefined) throw new CliError(EXIT.usage, first, ...others);
}
