import { type Config, type HookConfig, secretNames, type VerifierConfig } from "./config.ts";
import { recipesOf } from "./upload-recipe.ts";

/** One fault: where it is and how to mend it. */
export interface Fault {
  path: string;
  mend: string;
}

/** Why two hooks must not have one secret, and what to do. */
export const SHARED_SECRET =
  "a delivery to one of them could be sent to the other, past its may: give each hook a secret of its own";

const SHARED_PROOF = "a delivery to one of them could be sent to the other, past its may: name it in one hook only";

/** What hooks demand of recipes, of their own settings and of each other. */
export function hooksFaults(config: Config, isSound: (path: string) => boolean): Fault[] {
  const { hooks } = config;
  const recipes = recipesOf(config);
  const sound = Object.entries(hooks).filter(([name]) => isSound(`hooks.${name}`));
  return [...sound.flatMap(([name, hook]) => hookFaults(name, hook, recipes)), ...sharedProofs(sound)];
}

function hookFaults(
  name: string,
  { verifier, mapper, recipe = "upload" }: HookConfig,
  recipes: Config["recipes"],
): Fault[] {
  const faults: Fault[] = [];
  const at = `hooks.${name}`;
  if (!Object.hasOwn(recipes, recipe)) {
    faults.push({
      path: `${at}.recipe`,
      mend: `there is no recipe "${recipe}"; there are ${Object.keys(recipes).join(", ") || "none"}`,
    });
  }
  if (mapper.kind === "json-path" && mapper.id === undefined && mapper.key === undefined) {
    faults.push({ path: `${at}.mapper`, mend: "say where the image stands in the body: id or key" });
  }
  if (verifier.kind === "hmac")
    faults.push(...templateMends(verifier).map((mend) => ({ path: `${at}.verifier.template`, mend })));
  return faults;
}

function templateMends({
  template = "{body}",
  timestampHeader,
  idHeader,
}: Extract<VerifierConfig, { kind: "hmac" }>): string[] {
  const mends: string[] = [];
  if (!template.includes("{body}")) mends.push("put {body} into it: what is not signed proves nothing");
  if (template.includes("{timestamp}") && timestampHeader === undefined)
    mends.push("{timestamp} needs timestampHeader");
  if (timestampHeader !== undefined && !template.includes("{timestamp}"))
    mends.push("put {timestamp} into it: a time that is not signed can be renewed with an old body");
  if (template.includes("{id}") && idHeader === undefined) mends.push("{id} needs idHeader");
  const touching = TOUCHING.exec(template)?.[0].replace("}{", "} and {");
  if (touching !== undefined)
    mends.push(
      `write a separator between ${touching}: the end of one could be sent as the beginning of the other, under the same signature`,
    );
  return mends;
}

/**
 * An id beside another hole. The others may touch: JSON of an object or a list neither begins nor ends with a digit and a time is digits only, and
 * no sender chooses the secret (Cloudinary signs `{body}{timestamp}{secret}`).
 */
const TOUCHING = /\{id\}\{(?:timestamp|body)\}|\{(?:timestamp|body)\}\{id\}/;

/** What proves a delivery to a hook, and names no hook itself: field of the verifier, value, and what the value is. */
function proofsOf(verifier: VerifierConfig): [field: string, value: string, what: string][] {
  const secrets = secretNames(verifier).map((name): [string, string, string] => ["secrets", name, "a secret"]);
  if (verifier.kind === "sns") return verifier.topics.map((topic) => ["topics", topic, "a topic"]);
  // Without an audience the token names the hook's own address.
  if (verifier.kind === "google-oidc" && verifier.audience !== undefined)
    return [["audience", verifier.audience, "the audience"]];
  return secrets;
}

function sharedProofs(hooks: readonly [string, HookConfig][]): Fault[] {
  const first = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [hook, { verifier }] of hooks)
    for (const [field, value, what] of proofsOf(verifier)) {
      const other = first.get(`${field} ${value}`);
      if (other === undefined) first.set(`${field} ${value}`, hook);
      else if (other !== hook)
        faults.push({
          path: `hooks.${hook}.verifier.${field}`,
          mend: `${value} is ${what} of hooks.${other} too: ${field === "secrets" ? SHARED_SECRET : SHARED_PROOF}`,
        });
    }
  return faults;
}
