import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { RULES } from "./mutations.ts";

// Loaded by `node --import`: changes one file on its way into the runtime, so that nothing on disk is touched.
const rule = RULES.find(({ name }) => name === process.env.MUTATION);
let changed = false;

if (rule !== undefined) {
  const { name, file, find, replace } = rule;
  // At once, not after all histories were played over unchanged code.
  if (!existsSync(file)) throw new Error(`mutation ${name}: there is no ${file}`);
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/${file}`)) return loaded;
      const source = String(loaded.source);
      if (source.split(find).length !== 2) throw new Error(`mutation ${name}: its text does not stand once in ${file}`);
      changed = true;
      return { ...loaded, source: source.replace(find, () => replace) };
    },
  });
  process.on("exit", () => {
    if (!changed) throw new Error(`mutation ${name}: ${file} was never loaded`);
  });
}
