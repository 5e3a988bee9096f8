interface RecipeFieldProps {
  recipes: readonly string[];
  value: string;
  disabled?: boolean;
  choose(recipe: string): void;
}

/** One of the recipes of the configuration. */
export function RecipeField({ recipes, value, disabled = false, choose }: RecipeFieldProps) {
  return (
    <label class="field">
      Recipe
      <select value={value} disabled={disabled} onChange={(event) => choose(event.currentTarget.value)}>
        {recipes.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
