/** A file of code. Both its own path and those of its imports begin at the repository's root. */
interface Source {
  path: string;
  imports: readonly string[];
}

const TEST = /\.test\.tsx?$/;

/**
 * The tests that reach a changed file by imports, across packages, the nearest first: changed tests, then those with the fewest imports between.
 * Leaves out end-to-end tests, which import little of what they test. `changed`: paths from the repository's root; some may be deleted.
 */
export function nearbyTests(changed: readonly string[], sources: readonly Source[]): string[] {
  const importers = new Map<string, string[]>();
  for (const { path, imports } of sources)
    for (const name of imports) importers.set(name, [...(importers.get(name) ?? []), path]);
  // A set keeps the order in which files were reached, and takes more while it is walked.
  const reached = new Set(changed);
  for (const file of reached) for (const importer of importers.get(file) ?? []) reached.add(importer);
  const known = new Set(sources.map(({ path }) => path));
  return [...reached].filter((path) => TEST.test(path) && !path.endsWith(".e2e.test.ts") && known.has(path));
}
