import type { Config } from "../../packages/shared/src/config.ts";
import { variantsOf } from "../../packages/shared/src/cost/outlook.ts";
import { countVariants } from "../../packages/shared/src/transform.ts";
import { pageLines, recipesOf, uploadRecipe } from "../../packages/shared/src/upload-recipe.ts";

/** How many variants a client without a signature can ask for. */
export function openLine(config: Config): string {
  return config.access === "private"
    ? 'Every image URL needs a signature (access: "private").'
    : `One image can have ${countVariants(config)} variants that need no signature (versions aside).`;
}

/**
 * What an upload costs by each line of `pages`: jobs, and money where `budget.per1000Jobs` is known. A variant of two lines counts
 * for the first. For a sound configuration.
 */
export function uploadLines(config: Config): string[] {
  const { upload } = recipesOf(config);
  const made = variantsOf(upload, config);
  const total = `An upload makes ${made.size} variants, each an Ittybit job`;
  if (upload.join() !== uploadRecipe(config).join()) {
    const cold = [...variantsOf(uploadRecipe(config), config)].filter((variant) => !made.has(variant)).length;
    const told = `  ${cold} variants that pages ask for are not in it: leave recipes.upload out, or narrow pages.`;
    return [`${total} (\`recipes.upload\`).`, ...(cold > 0 ? [told] : [])];
  }
  const price = config.budget.per1000Jobs;
  const money = (jobs: number): string => (((price ?? 0) * jobs) / 1000).toFixed(4);
  const seen = new Set<string>();
  const lines = pageLines(config).map(({ line, specs }) => {
    const own = [...variantsOf(specs, config)].filter((variant) => !seen.has(variant));
    for (const variant of own) seen.add(variant);
    return `  ${line}: ${own.length}${price === null ? "" : ` (${money(own.length)})`}`;
  });
  return [`${total} (\`pages\`)${price === null ? "" : `, ${money(made.size)} in all`}:`, ...lines];
}
