/** Of what fields and types values are: by path, such as `0.settled[].outcome.kind`. Words that are one of few are kept. */
export type Shape = Record<string, string[]>;

/** Fields whose words tell kinds apart: who reads them must know each. */
const WORDS = /(^|\.)(kind|status|phase|state|lane|role|class|code)$/;

/** Which of several kinds of object it is. */
function isTag(name: string, value: unknown): value is string {
  return (name === "status" || name === "kind") && typeof value === "string";
}

export function addShape(shape: Shape, value: unknown, path = ""): Shape {
  const note = (type: string): void => {
    const known = shape[path] ?? [];
    if (!known.includes(type)) shape[path] = [...known, type].sort();
  };
  if (Array.isArray(value)) {
    note("list");
    for (const one of value) addShape(shape, one, `${path}[]`);
  } else if (typeof value === "object" && value !== null) {
    // Keys of variants, days, outcomes: a table and no fields.
    const fieldOf = (name: string) => (/[/\s\d]/.test(name) ? "*" : name);
    const named = Object.entries(value).map(([name, one]) => (isTag(name, one) ? `${name}=${one}` : fieldOf(name)));
    note(`{${[...new Set(named)].sort().join()}}`);
    for (const [name, one] of Object.entries(value))
      addShape(shape, one, path === "" ? fieldOf(name) : `${path}.${fieldOf(name)}`);
  } else if (typeof value === "string" && WORDS.test(path)) note(`"${value}"`);
  else note(value === null ? "null" : typeof value);
  return shape;
}

/** What one shape has and the other does not: fields, types and words. */
export function missingIn(shape: Shape, wanted: Shape): string[] {
  return Object.entries(wanted).flatMap(([path, types]) => {
    const has = shape[path];
    if (has === undefined) return [`${path} is gone`];
    const lacking = has.filter((type) => type.startsWith("{") && !types.some((old) => holds(type, old)));
    if (lacking.length > 0)
      return lacking.map((type) => `${path} is ${type} and lacks fields of ${types.join(" or ")}`);
    const gone = types.filter((type) => !type.startsWith("{") && !has.includes(type));
    return gone.map((type) => `${path} is ${has.join("|")}, no more ${type}`);
  });
}

/** Whether an object has all the fields of another. */
function holds(type: string, other: string): boolean {
  const fields = (text: string) => text.slice(1, -1).split(",");
  return other.startsWith("{") && fields(other).every((field) => field === "" || fields(type).includes(field));
}
