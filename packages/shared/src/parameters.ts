import { AppError, type ErrorDetails } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { isNoise } from "./noise.ts";

/** Every query parameter of an image URL, in the order in which tables and messages name them. */
export const PARAMETERS = ["w", "h", "fit", "pos", "q", "f", "dpr", "p", "v", "exp", "sc", "s"] as const;
export type Parameter = (typeof PARAMETERS)[number];

/** What a transform may be written with where no URL is meant: in presets, recipes and API calls. */
export const TRANSFORM_PARAMETERS = [
  "w",
  "h",
  "fit",
  "pos",
  "q",
  "f",
  "dpr",
  "p",
] as const satisfies readonly Parameter[];

/** Names that other services use for the same things; only ever used to say "did you mean". */
const ALIASES = new Map<string, Parameter>(
  Object.entries({
    width: "w",
    height: "h",
    mode: "fit",
    resize: "fit",
    position: "pos",
    gravity: "pos",
    crop: "pos",
    quality: "q",
    format: "f",
    fm: "f",
    fmt: "f",
    auto: "f",
    preset: "p",
    version: "v",
    expires: "exp",
    signature: "s",
    sig: "s",
  }),
);

/** Longest piece of a stranger's text that a refusal repeats. */
const ECHO_MAX = 64;

/**
 * Reads a query into known parameters. Names are compared exactly; noise is dropped.
 * Throws `parameter_unknown` and `parameter_repeated`.
 */
export function readParameters(
  query: URLSearchParams | string,
  known: readonly Parameter[],
  noise: readonly string[],
): Map<Parameter, string> {
  const given = new Map<Parameter, string>();
  for (const [name, value] of typeof query === "string" ? new URLSearchParams(query) : query) {
    const parameter = known.find((each) => each === name);
    if (parameter === undefined) {
      if (isNoise(name, noise)) continue;
      throw unknown(name, known);
    }
    if (given.has(parameter)) {
      throw new AppError("parameter_repeated", {
        detail: `The parameter ${name} is given more than once.`,
        parameter: name,
      });
    }
    given.set(parameter, value);
  }
  return given;
}

function unknown(name: string, known: readonly Parameter[]): AppError {
  const alias = ALIASES.get(name.toLowerCase());
  const meant = known.find((each) => each === alias) ?? nearest(name, known);
  return new AppError("parameter_unknown", refusal(name, `The parameter "${echo(name)}" is not known.`, known, meant));
}

/** A refusal of a parameter's value: what it was, what is allowed, and the nearest right spelling. */
export function invalid(
  parameter: Parameter,
  value: string,
  allowed: readonly string[],
  meant?: string,
  hint = "",
): AppError {
  const detail = `"${echo(value)}" is not a value of ${parameter}.${hint}`;
  return new AppError(
    parameter === "p" ? "preset_unknown" : "parameter_invalid",
    refusal(parameter, detail, allowed, meant),
  );
}

function refusal(
  parameter: string,
  detail: string,
  allowed: readonly string[],
  meant: string | undefined,
): ErrorDetails {
  const question = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return {
    detail: `${detail}${question}`,
    parameter: echo(parameter),
    allowed,
    ...(meant === undefined ? {} : { nearest: meant }),
  };
}

function echo(text: string): string {
  return text.length <= ECHO_MAX ? text : `${text.slice(0, ECHO_MAX)}…`;
}
