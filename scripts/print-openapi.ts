import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ENDPOINTS } from "../workers/consumer/src/api/create-api.ts";
import { openapiDocument } from "../workers/consumer/src/api/openapi.ts";

// Prints the control API's document to docs/openapi.json; with --check it only compares and exits 1 when they differ.
const FILE = fileURLToPath(import.meta.resolve("../docs/openapi.json"));
const wanted = JSON.stringify(openapiDocument(ENDPOINTS));

if (process.argv.includes("--check")) {
  const found = await readFile(FILE, "utf8").catch(() => "null");
  if (JSON.stringify(JSON.parse(found)) !== wanted) {
    console.error("docs/openapi.json is not what the code says; run: node scripts/print-openapi.ts");
    process.exit(1);
  }
} else {
  await writeFile(FILE, `${JSON.stringify(JSON.parse(wanted), null, 2)}\n`);
}
