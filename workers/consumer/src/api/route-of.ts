import { type RouteConfig, z } from "@hono/zod-openapi";
import { type AnswerRow, type CallRow, REFUSALS } from "@prewarm/control-schema/call";
import { Problem } from "@prewarm/control-schema/words";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";

const JSON_TYPE = "application/json";

/** A row of the table of calls as the router and the document take it. */
export function routeOf(name: string, row: CallRow): RouteConfig {
  const [method = "", path = ""] = name.split(" ");
  const { id, tag, summary, description, params, query, headers } = row;
  const body = bodyOf(row);
  const request = {
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(headers === undefined ? {} : { headers }),
    ...(body === null ? {} : { body: { required: true, content: body } }),
  };
  return {
    method: method.toLowerCase() as RouteConfig["method"],
    path,
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(needsNoProof(row) ? { security: [] } : {}),
    ...(Object.keys(request).length === 0 ? {} : { request }),
    responses: responsesOf(row, Object.keys(body ?? {})),
  };
}

function needsNoProof({ may }: CallRow): boolean {
  return may === "public" || may === "anybody";
}

/** Bodies by media type. Null: the call takes none. */
function bodyOf({ body, bodies = {} }: CallRow): Record<string, { schema: z.ZodType }> | null {
  if (body === undefined) return null;
  const all = Object.entries({ [JSON_TYPE]: body, ...bodies });
  return Object.fromEntries(all.map(([type, schema]) => [type, { schema }]));
}

function responsesOf(row: CallRow, types: readonly string[]): RouteConfig["responses"] {
  const answers = Object.entries(row.answers).map(([status, answer]) => [status, answered(answer)]);
  const refusals = { ...(needsNoProof(row) ? {} : REFUSALS), ...row.refusals, ...tooLarge(row, types) };
  const refused = Object.entries(refusals).map(([status, description]) => [status, refusal(description)]);
  return Object.fromEntries([...answers, ...refused]);
}

function answered([schema, description, mediaType = JSON_TYPE]: AnswerRow) {
  return { description, ...(schema instanceof z.ZodNull ? {} : { content: { [mediaType]: { schema } } }) };
}

function refusal(description: string) {
  return { description, content: { "application/problem+json": { schema: Problem } } };
}

/** The document says of each call that takes a body how long it may be. */
function tooLarge({ bodyMax = BODY_MAX_BYTES }: CallRow, types: readonly string[]): Record<number, string> {
  if (types.length === 0) return {};
  const maxOf = (type: string): number => (typeof bodyMax === "number" ? bodyMax : bodyMax(type));
  const limits = new Set(types.map((type) => maxOf(type).toLocaleString("en")));
  return { 413: `The body has more than ${[...limits].join(" or ")} bytes${limits.size > 1 ? ", by its type" : ""}` };
}
