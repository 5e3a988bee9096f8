import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";

/*
 * Writes src/schema.ts, the types of docs/openapi.json. With `--check` it writes nothing and fails when the file is not what the document
 * says, so that no client can drift from the server.
 */

const SOURCE = fileURLToPath(import.meta.resolve("../../../docs/openapi.json"));
const TARGET = fileURLToPath(import.meta.resolve("../src/schema.ts"));
const HEAD =
  "// biome-ignore-all format: generated\n// biome-ignore-all lint: generated\n// Made of docs/openapi.json by packages/control-client/scripts/generate.ts. Do not edit.\n\n";

/** The text of src/schema.ts: `paths`, and one exported type for each component of the document. */
export async function generate(document: OpenAPI3): Promise<string> {
  const options = { rootTypes: true, rootTypesNoSchemaPrefix: true, defaultNonNullable: false, silent: true };
  return HEAD + astToString(await openapiTS(mendNullable(document) as OpenAPI3, options));
}

/**
 * The document says "this component, or null" as `allOf: [component, {type: [x, "null"]}]`. That reads as "both", which null never is, so
 * the types would lose the null.
 */
function mendNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(mendNullable);
  if (typeof node !== "object" || node === null) return node;
  const { allOf } = node as { allOf?: { $ref?: string; type?: string[] }[] };
  if (allOf?.some(({ type }) => Array.isArray(type) && type.includes("null")))
    return { oneOf: [...allOf.filter(({ $ref }) => $ref !== undefined), { type: "null" }] };
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, mendNullable(value)]));
}

if (import.meta.main) {
  const made = await generate(JSON.parse(await readFile(SOURCE, "utf8")));
  if (!process.argv.includes("--check")) await writeFile(TARGET, made);
  else if ((await readFile(TARGET, "utf8").catch(() => "")) !== made) {
    console.error(
      `${TARGET} is not what docs/openapi.json says; run: node scripts/boot.mjs node packages/control-client/scripts/generate.ts`,
    );
    process.exitCode = 1;
  }
}
