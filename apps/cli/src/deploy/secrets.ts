import type { Config } from "@prewarm/shared/config";
import { checkEnvironment } from "@prewarm/shared/environment-check";
import { makeSecret, secretsOf } from "@prewarm/shared/secrets";
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

interface Maker {
  make(): string;
  isOurs: boolean;
  /** False: nobody else needs it, such as the private key of receipts. It is made without a person too. */
  isShown: boolean;
}

/**
 * Null: another service makes it, such as Ittybit its key. Also where a key of receipts is replaced: a person says which
 * older keys stay behind it.
 */
function makerOf(name: string, site: Config, replaced: readonly string[]): Maker | null {
  const secret = secretsOf(site).find((one) => one.name === name);
  if (secret === undefined || secret.maker === "service") return null;
  const isShown = secret.form !== "key";
  if (!isShown && replaced.includes(name)) return null;
  return { make: () => makeSecret(secret.form), isOurs: secret.maker === "site", isShown };
}

/** What the plan says of a secret that is not set. `isElsewhere`: the other Worker has it, so another value would be wrong. */
export function sourceOf(name: string, site: Config, sources: SecretSources, isElsewhere: boolean): string {
  const { value, person, replaced } = sources;
  if (value(name)) return "from the environment";
  if (replaced.includes(name)) return "will be asked for";
  const maker = isElsewhere ? null : makerOf(name, site, replaced);
  if (maker?.isShown === false) return "will be made";
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
  const isReplaced = replaced.includes(name);
  const maker = isElsewhere && !isReplaced ? null : makerOf(name, site, replaced);
  if (maker?.isShown === false) return maker.make();
  if (person === null) throw new CliError(EXIT.usage, missing);
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
