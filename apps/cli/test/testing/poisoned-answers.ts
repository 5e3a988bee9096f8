import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * Answers as docs/openapi.json describes them, with a poison in every text that may be free. A proxy, an upload system or a page can bring such
 * texts into the control API's answers.
 */

/** A title, a colour, an 8-bit control sequence, bidirectional and invisible letters, a tag letter, a line separator, and a line of its own. */
export const POISON = "\u001b]0;PWNED\u0007\u001b[31m\u009b2J\u007f\u202e\u200b\u2066\u{e0001}\u2028\r\nforged";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  minimum?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}
interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const DOCUMENT: { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } } =
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../../docs/openapi.json"), "utf8"));

/** What the control API answers to a call when all goes well; null: the call is in no document. */
export function poisonedAnswer(method: string, path: string): { status: number; body: unknown } | null {
  const template = Object.keys(DOCUMENT.paths).find((one) =>
    new RegExp(`^${one.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(path),
  );
  const responses = DOCUMENT.paths[template ?? ""]?.[method.toLowerCase()]?.responses ?? {};
  const [status] = Object.keys(responses).filter((code) => code.startsWith("2"));
  const schema = responses[status ?? ""]?.content?.["application/json"]?.schema;
  return status === undefined ? null : { status: Number(status), body: schema === undefined ? {} : poisoned(schema) };
}

function poisoned(schema: Schema): unknown {
  if (schema.$ref !== undefined)
    return poisoned(DOCUMENT.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum.find((value) => value !== null);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((part) => poisoned(part)));
  const choice = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].find(({ type }) => type !== "null");
  if (choice !== undefined) return poisoned(choice);
  const type = [schema.type].flat().find((one) => one !== "null");
  if (type === "object" || schema.properties !== undefined) return object(schema);
  if (type === "array") return [poisoned(schema.items ?? {})];
  if (type === "integer" || type === "number") return Math.max(1, schema.minimum ?? 1);
  if (type === "boolean") return true;
  return `a${POISON}`;
}

function object({ properties = {}, additionalProperties }: Schema): unknown {
  const fields = Object.entries(properties).map(([name, schema]) => [name, poisoned(schema)] as const);
  const more =
    typeof additionalProperties === "object" ? [[`b${POISON}`, poisoned(additionalProperties)] as const] : [];
  // Pages end.
  return { ...Object.fromEntries([...fields, ...more]), ...("nextCursor" in properties ? { nextCursor: null } : {}) };
}
