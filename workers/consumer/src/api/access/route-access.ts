import { type Access, ROUTES } from "../route-table.ts";

const PATTERNS = ROUTES.map(({ route, access }) => ({
  method: route.method.toUpperCase(),
  pattern: new RegExp(`^${route.path.replace(/\{[^}]+\}/g, "[^/]+")}$`),
  access,
}));

/** Who may make this call. What no row of the table names needs an operator, so that a forgotten row closes a route instead of opening it. */
export function accessOf(method: string, path: string): Access {
  const wanted = method === "HEAD" ? "GET" : method;
  return PATTERNS.find((row) => row.method === wanted && row.pattern.test(path))?.access ?? "operator";
}

/** Methods that the table has for this path. */
export function methodsOf(path: string): string[] {
  return PATTERNS.filter((row) => row.pattern.test(path)).map((row) => row.method);
}
