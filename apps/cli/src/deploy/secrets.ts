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
  /** Names of secrets that are set again, though they are set. */
  replaced: readonly string[];
}

/** What is made or typed in one run, by name: both Workers get the same. What is made is shown. */
export type Given = Map<string, { text: string; isMade: boolean }>;

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
export function sourceOf(name: string, site: Config, sources: SecretSources, isElsewhere: boolean): string {
  const { value, person, replaced } = sources;
  if (value(name)) return "from the environment";
  if (replaced.includes(name)) return "will be asked for";
  const maker = isElsewhere ? null : makerOf(name, site);
  if (maker === null || person === null) return "will be asked for";
  return maker.isOurs ? "will be made, and shown once" : "will be asked for, or made and shown once";
}

/** The value of a secret that is to be set. What is made or typed, it adds to `known`. */
export async function secretValue(
  name: string,
  site: Config,
  { value, person, replaced }: SecretSources,
  { known, isElsewhere }: { known: Given; isElsewhere: boolean },
): Promise<string> {
  const given = value(name) || known.get(name)?.text;
  if (given) return given;
  const missing = `${name} is not given: set it in the environment, or type it when asked.`;
  if (person === null) throw new CliError(EXIT.usage, missing);
  const isReplaced = replaced.includes(name);
  const maker = isElsewhere && !isReplaced ? null : makerOf(name, site);
  const question = maker === null ? `${name}: ` : `${name} (Enter makes one): `;
  const isAsked = isReplaced || !maker?.isOurs;
  const typed = isAsked ? (await person.askSecret(question)).trim() : "";
  if (typed === "" && maker === null) throw new CliError(EXIT.usage, missing);
  const text = typed || (maker?.make() ?? "");
  known.set(name, { text, isMade: typed === "" });
  return text;
}

/** Refuses what /readyz would call a fault once it is deployed. */
export function judgeSecrets(values: Readonly<Record<string, string>>, site: Config): void {
  const given = { value: (name: string) => values[name], hasBucket: () => true };
  const faults = checkEnvironment(site, [], given).filter((fault) => values[fault.split(":")[0] ?? ""] !== undefined);
  const [first, ...others] = faults;
  if (first !== undefined) throw new CliError(EXIT.usage, first, ...others);
}
