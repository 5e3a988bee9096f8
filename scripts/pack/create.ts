import { join } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import { build } from "esbuild";
import { packagesIn, ROOT, readJson, writePackage } from "./package-folder.ts";

/** `npm create prewarm`: one program without dependencies, for Node 20 and later. */
export async function buildCreate(folder: string): Promise<void> {
  const home = join(ROOT, "packages/create-prewarm");
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(home, "src/main.ts")],
    outfile: join(folder, "create-prewarm.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    metafile: true,
    logLevel: "warning",
  });
  writePackage({
    folder,
    manifest: {
      name: PACKAGES.create,
      description: readJson(join(home, "package.json")).description,
      bin: { [PACKAGES.create]: "create-prewarm.mjs" },
      files: ["create-prewarm.mjs"],
      engines: { node: ">=20" },
    },
    readme: "packages/create-prewarm/README.md",
    bundled: packagesIn(metafile),
  });
}
