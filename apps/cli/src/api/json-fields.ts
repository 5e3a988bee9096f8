/** Foreign JSON becomes a type here. All throw `BadAnswer`, naming the field, when a thing is not what it should be. */
export class BadAnswer extends Error {}

export type Json = Record<string, unknown>;

export function asObject(value: unknown, what: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BadAnswer(`${what} is no object`);
  return value as Json;
}

export function asList(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new BadAnswer(`${what} is no list`);
  return value;
}

export function number(json: Json, name: string): number {
  const value = json[name];
  if (typeof value !== "number") throw new BadAnswer(`${name} is no number`);
  return value;
}

export function numberOrNull(json: Json, name: string): number | null {
  return json[name] === null || json[name] === undefined ? null : number(json, name);
}

export function text(json: Json, name: string): string {
  const value = json[name];
  if (typeof value !== "string") throw new BadAnswer(`${name} is no text`);
  return value;
}

export function textOrNull(json: Json, name: string): string | null {
  return json[name] === null || json[name] === undefined ? null : text(json, name);
}
