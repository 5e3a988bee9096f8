import { readFile, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";

/*
 * docs/openapi.json → src/api/schema.ts. `--check` writes nothing and fails when the file is not what the document says, so that the
 * dashboard cannot drift from the server.
 */

const SOURCE = new URL("../../../docs/openapi.json", import.meta.url);
const TARGET = new URL("../src/api/schema.ts", import.meta.url);

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  description?: string;
}
interface Content {
  content?: Record<string, { schema: Schema }>;
}
interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}
export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The TypeScript of a document: one type a component, and `Calls`, which maps `GET /path` to what goes in and comes out. */
export function generate(document: Document): string {
  const types = Object.entries(document.components.schemas).map(
    ([name, schema]) => `${comment(schema)}export type ${name} = ${typeOf(schema)};`,
  );
  const calls = Object.entries(document.paths)
    .filter(([path]) => path.startsWith("/api/"))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => call(method, path, operation)));
  const head =
    "// Made by scripts/generate-api.ts from docs/openapi.json. Do not edit: run `pnpm --filter @prewarm/dashboard api`.";
  return `// biome-ignore-all format: generated\n${head}\n\n${types.join("\n\n")}\n\nexport interface Calls {\n${calls.join("\n")}\n}\n`;
}

function call(method: string, path: string, operation: Operation): string {
  const given = (place: string) => (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  const members = (place: string) =>
    given(place).map(
      ({ name, required, schema }) => `${JSON.stringify(name)}${required ? "" : "?"}: ${typeOf(schema)}`,
    );
  const shape = (place: string) =>
    given(place).length === 0 ? "Record<never, never>" : `{${members(place).join("; ")}}`;
  const parts = [
    `params: ${shape("path")}`,
    `query: ${shape("query")}`,
    `body: ${
      Object.values(operation.requestBody?.content ?? {})
        .map(({ schema }) => typeOf(schema))
        .filter(unique)
        .join(" | ") || "never"
    }`,
    `answer: ${answerOf(operation)}`,
  ];
  return `  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: {${parts.join("; ")}};`;
}

function answerOf(operation: Operation): string {
  const good = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
  const types = good
    .map(([, response]) => response.content?.["application/json"])
    .map((body) => (body ? typeOf(body.schema) : "null"));
  return types.filter(unique).join(" | ");
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.replace("#/components/schemas/", "");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.allOf) return intersection(schema.allOf);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map(typeOf).filter(unique).join(" | ");
  if (Array.isArray(schema.type))
    return schema.type
      .map((type) => typeOf({ ...schema, type }))
      .filter(unique)
      .join(" | ");
  return plain(schema);
}

function plain(schema: Schema): string {
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "array":
      return `(${typeOf(schema.items ?? {})})[]`;
    case "object":
      return objectOf(schema);
    default:
      return "unknown";
  }
}

function objectOf(schema: Schema): string {
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, one]) =>
      `${comment(one)}${JSON.stringify(name)}${schema.required?.includes(name) ? "" : "?"}: ${typeOf(one)}`,
  );
  const rest = schema.additionalProperties;
  const index = rest ? `Record<string, ${typeOf(rest === true ? {} : rest)}>` : null;
  if (members.length === 0) return index ?? "Record<string, never>";
  return `{${members.join("; ")}}${index ? ` & ${index}` : ""}`;
}

/** The document says "this component, or null" as allOf [$ref, {type: [x, "null"]}]; annotations alone add nothing. */
function intersection(parts: Schema[]): string {
  const nullable = parts.some((part) => Array.isArray(part.type) && part.type.includes("null"));
  const types = parts.filter((part) => part.$ref || part.properties || part.allOf).map(typeOf);
  return `${types.join(" & ") || "unknown"}${nullable ? " | null" : ""}`;
}

function comment(schema: Schema): string {
  return schema.description ? `/** ${schema.description.replaceAll("*/", "*\\/")} */ ` : "";
}

function unique<T>(value: T, index: number, all: T[]): boolean {
  return all.findIndex((other) => isDeepStrictEqual(other, value)) === index;
}

if (import.meta.main) {
  const made = generate(JSON.parse(await readFile(SOURCE, "utf8")) as Document);
  if (process.argv.includes("--check")) {
    if ((await readFile(TARGET, "utf8").catch(() => "")) !== made) {
      console.error(
        "src/api/schema.ts is not what docs/openapi.json says: run `pnpm --filter @prewarm/dashboard api`.",
      );
      process.exitCode = 1;
    }
  } else await writeFile(TARGET, made);
}
