/** Lines around the change. */
const CONTEXT = 3;

/**
 * The text of prewarm.config.ts with other values in its setting `pages`; all else stays letter by letter. Null: the text has no object literal
 * that settings could be written into.
 */
export function withPages(text: string, changed: Readonly<Record<string, unknown>>): string | null {
  if (Object.keys(changed).length === 0) return text;
  const setting = /^([ \t]*)pages:\s*\{/m.exec(text);
  if (setting === null) return withSetting(text, `pages: ${literal(changed)},`);
  const start = setting.index + setting[0].length;
  const end = closing(text, start);
  if (end === null) return null;
  let body = text.slice(start, end);
  for (const [name, value] of Object.entries(changed)) body = withField(body, name, value);
  return text.slice(0, start) + body + text.slice(end);
}

function withField(body: string, name: string, value: unknown): string {
  const found = fieldOf(body, name);
  if (found !== null) return `${body.slice(0, found.start)}${name}: ${literal(value)}${body.slice(found.end)}`;
  return ` ${name}: ${literal(value)},${body}`;
}

/** Where a setting with a list or a switch stands. */
function fieldOf(body: string, name: string): { start: number; end: number } | null {
  for (let start = body.indexOf(`${name}:`); start !== -1; start = body.indexOf(`${name}:`, start + 1)) {
    if (/\w/.test(body[start - 1] ?? "")) continue;
    let at = start + name.length + 1;
    while (/\s/.test(body[at] ?? "")) at += 1;
    const list = body[at] === "[" ? body.indexOf("]", at) : -1;
    const word = ["true", "false"].find((one) => body.startsWith(one, at));
    if (list !== -1) return { start, end: list + 1 };
    if (word !== undefined) return { start, end: at + word.length };
  }
  return null;
}

/** After the line that opens the configuration. */
function withSetting(text: string, line: string): string | null {
  const opening = /(?:defineConfig\(|export default )\{[ \t]*\n/.exec(text);
  if (opening === null) return null;
  const at = opening.index + opening[0].length;
  return `${text.slice(0, at)}  ${line}\n${text.slice(at)}`;
}

/** Where the bracket closes that was opened before `start`; lists and texts of `pages` have no brackets of this kind. */
function closing(text: string, start: number): number | null {
  const at = text.indexOf("}", start);
  return at === -1 ? null : at;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => `${name}: ${literal(one)}`);
  return `{ ${fields.join(", ")} }`;
}

/** A unified diff of one file, of one hunk, as `git apply` takes it; empty for equal texts. */
export function unifiedDiff(file: string, before: string, after: string): string[] {
  if (before === after) return [];
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (a[start] === b[start] && start < Math.min(a.length, b.length)) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const from = Math.max(0, start - CONTEXT);
  // The text behind the last line's end is no line.
  const lines = a.at(-1) === "" ? a.length - 1 : a.length;
  const tail = a.slice(endA, Math.min(lines, endA + CONTEXT));
  const head = a.slice(from, start);
  const count = (changed: number): number => head.length + changed + tail.length;
  return [
    `--- a/${file}`,
    `+++ b/${file}`,
    `@@ -${from + 1},${count(endA - start)} +${from + 1},${count(endB - start)} @@`,
    ...head.map((line) => ` ${line}`),
    ...a.slice(start, endA).map((line) => `-${line}`),
    ...b.slice(start, endB).map((line) => `+${line}`),
    ...tail.map((line) => ` ${line}`),
  ];
}
