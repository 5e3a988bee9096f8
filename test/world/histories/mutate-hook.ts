import { registerHooks } from "node:module";
import { MUTATIONS } from "./mutations.ts";

// Loaded by `node --import`: changes one file of the ledger on its way into the runtime, so that nothing on disk is touched.
const mutation = MUTATIONS.find(({ name }) => name === process.env.LEDGER_MUTATION);
let changed = false;

if (mutation?.file !== undefined) {
  const { file, find = "", replace = "" } = mutation;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/ledger/${file}`)) return loaded;
      const source = String(loaded.source);
      if (source.split(find).length !== 2)
        throw new Error(`mutation ${mutation.name}: its text does not stand once in ${file}`);
      changed = true;
      return { ...loaded, source: source.replace(find, replace) };
    },
  });
  process.on("exit", () => {
    if (!changed) throw new Error(`mutation ${mutation.name}: ${file} was never loaded`);
  });
}
