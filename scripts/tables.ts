import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import { QUALITY_TABLE } from "@prewarm/shared/parameter-values";
import { API_ERRORS } from "../packages/shared/src/api-errors.ts";
import { DEFAULTS, defineConfig, FITS, FORMATS, POSITIONS, QUALITIES } from "../packages/shared/src/config.ts";
import { configSchema } from "../packages/shared/src/config-schema.ts";
import type { ErrorCode } from "../packages/shared/src/errors.ts";
import { maximum } from "../packages/shared/src/ladder.ts";
import { ENCODED_ID_MAX_BYTES } from "../packages/shared/src/limits.ts";
import { ALLOWED, DPR_LIMITS, formatSpellings } from "../packages/shared/src/parameter-values.ts";
import { PARAMETERS, type Parameter } from "../packages/shared/src/parameters.ts";
import { settingsIn } from "../packages/shared/src/setting-leaves.ts";
import { countVariants, DEFAULT_FORMAT, DEFAULT_QUALITY } from "../packages/shared/src/transform.ts";
import { ASSUMPTIONS } from "../test/platform/assumptions.ts";
import { conformanceRows, conformanceSummary } from "../test/platform/report.ts";
import { readRecorded } from "../test/platform/results.ts";
import { shopTable } from "./cost/shop.ts";
import { requestsTable, strangersTable } from "./cost/strangers.ts";
import { billTable, EXAMPLE, monthTable, pathTable, RECIPES, yearTable } from "./cost/tables.ts";
import { HOUSES, type House, WALLS } from "./rooms/walls.ts";

/*
 * The tables of README and docs, made of what the code goes by: parameters, qualities, ladder, errors, settings.
 * The settings are those of the schema. `settings` is the text of config.ts, and `deploy` that of deploy.ts: their doc comments say what each
 * setting means, who needs it, and an example.
 */

const defaults = defineConfig({ sources: [] });

/** What an image URL can be refused with. */
const URL_ERRORS = [
  "id_invalid",
  "parameter_unknown",
  "parameter_repeated",
  "parameter_invalid",
  "parameter_conflict",
  "preset_unknown",
  "signature_required",
  "signature_invalid",
  "original_missing",
  "method_not_allowed",
  "range_not_satisfiable",
] as const satisfies readonly ErrorCode[];

/** Every table by the name that a mark gives it. */
export function printTables(settings: string, deploy: string): Map<string, string> {
  return new Map([
    ["url", urlTable()],
    ["quality", qualityTable()],
    ["ladder", defaults.ladder.join(" ")],
    [
      "variants",
      `With the default configuration one image can have ${countVariants(defaults)} variants that need no signature, versions aside; ` +
        `${countVariants({ ...defaults, ratios: [] })} of them are not crops.`,
    ],
    ["noise", DEFAULTS.noise.map(code).join(" ")],
    ["url-errors", errorTable(URL_ERRORS)],
    ["errors", errorTable(Object.keys(API_ERRORS))],
    [
      "job-errors",
      table(
        ["code", "what follows", "cause", "cure"],
        Object.entries(JOB_ERRORS).map(([name, { fate, cause, cure }]) => [code(name), fate, cause, cure]),
      ),
    ],
    ["config", configTable(settings)],
    ["deploy", deployTable(deploy)],
    [
      "conformance",
      table(
        ["assumption", "documented (page)", "observed locally", "observed on Cloudflare"],
        conformanceRows(ASSUMPTIONS, readRecorded()),
      ),
    ],
    ["conformance-summary", conformanceSummary(ASSUMPTIONS, readRecorded())],
    ["strangers", strangersTable(defaults)],
    ["requests", requestsTable()],
    ["shop", shopTable()],
    ["cost-paths", pathTable(EXAMPLE.logs)],
    ["cost-month", monthTable(EXAMPLE, RECIPES[0])],
    ["cost-services", billTable(EXAMPLE, RECIPES)],
    ["cost-year", yearTable(EXAMPLE, RECIPES[0])],
    ...HOUSES.map((house) => [`floors-${house.name}`, floorTable(house)] as const),
    ["walls", wallTable()],
  ]);
}

/** The highest floor first, as one draws a house. */
function floorTable({ floors }: House): string {
  return table(
    ["room", "holds", "what an import from above would bring"],
    floors.toReversed().map(({ rooms, holds, bug }) => [codes(rooms), holds, bug || "–"]),
  );
}

function wallTable(): string {
  return table(
    ["the wall", "the bug it keeps out"],
    WALLS.map(({ says, bug }) => [says, bug]),
  );
}

function urlTable(): string {
  const most = maximum(defaults.ladder);
  const size = `${ALLOWED.pixels.join()}, rounded up; clamped to ${most}, then snapped up the ladder; a crop of a declared ratio keeps it, every other pair is scaled by one factor`;
  const others = FORMATS.filter((format) => !defaults.formats.includes(format));
  const rows: Record<Parameter, [values: string, byDefault: string]> = {
    w: [size, "the original's"],
    h: [size, "the original's"],
    fit: [`${codes(FITS)}, only with both \`w\` and \`h\``, code("cover")],
    pos: [`${codes(POSITIONS)}: what a crop keeps; only with both \`w\` and \`h\`, and \`cover\``, "the centre"],
    q: [`${codes(QUALITIES)}, or a number from 1 to 100, which snaps to one of them`, code(DEFAULT_QUALITY)],
    f: [`${codes(formatSpellings(defaults))}; ${codes(others)} where the configuration lists it`, code(DEFAULT_FORMAT)],
    dpr: [
      `${ALLOWED.dpr.join()}, clamped to ${DPR_LIMITS.least}–${DPR_LIMITS.most}; multiplies \`w\` and \`h\` before clamping and snapping`,
      code("1"),
    ],
    p: ["the name of a preset: a whole transform, so none of the above beside it", "–"],
    v: [`your own version token, ${ALLOWED.version.join()}; part of the key`, "–"],
    exp: [`when the signature ends, in ${ALLOWED.expiry.join()}; not part of the key`, "–"],
    sc: [`\`image\`: the signature opens every URL of the image in the open set; not part of the key`, "–"],
    s: ["the signature; not part of the key", "–"],
  };
  const id = `segments joined by \`/\`, any UTF-8 text, up to ${ENCODED_ID_MAX_BYTES} bytes when encoded`;
  return table(
    ["part", "values", "default"],
    [["id", id, "–"], ...PARAMETERS.map((name) => [code(name), ...rows[name]])],
  );
}

function qualityTable(): string {
  const from = (index: number): number => (QUALITY_TABLE[index - 1]?.upTo ?? 0) + 1;
  return table(
    ["number", "quality"],
    QUALITY_TABLE.map(({ upTo, quality }, index) => [`${from(index)}–${upTo}`, code(quality)]),
  );
}

function errorTable(codes: readonly string[]): string {
  const rows = Object.entries(API_ERRORS).filter(([name]) => codes.includes(name));
  return table(
    ["code", "status", "text"],
    rows.map(([name, { status, message }]) => [code(name), String(status), message]),
  );
}

/** What a doc comment says of a setting. */
interface SettingDoc {
  meaning: string;
  neededBy: string;
  example: string;
}

function configTable(settings: string): string {
  const docs = readSettings(settings);
  const rows = [...settingsIn(configSchema).keys()].map((name) => {
    const { meaning, neededBy, example } = docs.get(name) ?? { meaning: "", neededBy: "", example: "" };
    if ([meaning, neededBy, example].includes(""))
      throw new Error(`config.ts: ${name} lacks its sentence, @neededBy or @example`);
    return [code(name), defaultOf(name), meaning, neededBy, code(example)];
  });
  return table(["setting", "default", "meaning", "needed by", "example"], rows);
}

function defaultOf(name: string): string {
  const value = name.split(".").reduce<unknown>((under, part) => Reflect.get(Object(under), part), DEFAULTS);
  return value === undefined ? "none: needed" : code(JSON.stringify(value).replaceAll(",", ", "));
}

function deployTable(deploy: string): string {
  const docs = readSettings(deploy, "DeployConfig");
  return table(
    ["setting", "meaning"],
    [...docs].map(([name, { meaning }]) => [code(name), meaning]),
  );
}

/** The doc comments of an interface, by setting; a group's members as `group.member`. */
export function readSettings(source: string, from = "Settings"): Map<string, SettingDoc> {
  const docs = new Map<string, SettingDoc>();
  const [body = ""] = source.split(`export interface ${from} {\n`)[1]?.split("\n}") ?? [];
  const groups: string[] = [];
  let comment: string[] = [];
  for (const line of body.split("\n").map((text) => text.trim())) {
    const name = /^(\w+)\??:/.exec(line)?.[1];
    if (line.startsWith("/**")) comment = [];
    if (/^\/?\*/.test(line)) comment.push(line.replace(/^\/?\*+\/? ?| ?\*\/$/g, ""));
    else if (line === "};") groups.pop();
    else if (name !== undefined && line.endsWith("{")) groups.push(name);
    else if (name !== undefined) docs.set([...groups, name].join("."), readDoc(comment));
    if (name !== undefined) comment = [];
  }
  return docs;
}

function readDoc(lines: readonly string[]): SettingDoc {
  const tagged = (tag: string) => lines.find((line) => line.startsWith(tag))?.slice(tag.length) ?? "";
  const meaning = lines.filter((line) => line !== "" && !line.startsWith("@")).join(" ");
  return { meaning, neededBy: tagged("@neededBy "), example: tagged("@example ") };
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function codes(texts: readonly string[]): string {
  return texts.map(code).join(" ");
}
