import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A site that somebody else made. */
export interface Site {
  name: string;
  /** Path of the page that is shown, below the site's root. */
  page: string;
  /** Makes the site below `folder`, and answers with the folder of its pages. */
  build(folder: string): string;
}

function run(folder: string, line: string): string {
  const [program = "", ...args] = line.split(" ");
  const env = { ...process.env, CI: "1", npm_config_audit: "false", npm_config_fund: "false" };
  return execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env }).trim();
}

/** Unpacks an npm package, and answers with its folder. */
function unpack(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  run(folder, `tar xzf ${run(folder, `npm pack --silent ${name}`)}`);
  return join(folder, "package");
}

/** An npm package that holds its pages built. */
export function builtPackage(name: string): Site {
  return {
    name,
    page: "",
    build(folder) {
      const root = unpack(folder, name);
      const index = ["dist/index.html", "index.html"].find((path) => existsSync(join(root, path)));
      const found = index ?? globSync("**/index.html", { cwd: root })[0];
      if (found === undefined) throw new Error(`${name} holds no index.html`);
      return join(root, dirname(found));
    },
  };
}

/** A line to run in a site's folder, or a change of its files. */
type Step = string | ((root: string) => void);

function take(root: string, steps: readonly Step[]): void {
  for (const step of steps)
    if (typeof step === "string") run(root, step);
    else step(root);
}

/** What a framework's own tool makes: `npx` of it in `site`, then more steps there. */
function made(name: string, page: string, make: string, steps: readonly Step[], pages: string): Site {
  return {
    name,
    page,
    build(folder) {
      mkdirSync(folder, { recursive: true });
      run(folder, `npx -y ${make}`);
      take(join(folder, "site"), steps);
      return join(folder, "site", pages);
    },
  };
}

/** A starter that is an npm package, with the steps that build it. */
function packed(name: string, page: string, steps: readonly Step[], pages: string): Site {
  return {
    name,
    page,
    build(folder) {
      const root = unpack(folder, name);
      take(root, steps);
      return join(root, pages);
    },
  };
}

/** SvelteKit's static adapter refuses a site with routes that only a server can answer, unless it is told. */
function allowDynamicRoutes(root: string): void {
  const file = join(root, "vite.config.ts");
  writeFileSync(file, readFileSync(file, "utf8").replace("adapter()", "adapter({ strict: false })"));
}

/** Starters of five frameworks, built as their readers build them. Each has a page with pictures. */
export const STARTERS: readonly Site[] = [
  made(
    "docusaurus",
    "blog/welcome/",
    "create-docusaurus@3.10.2 site classic --javascript --package-manager npm --skip-install",
    ["npm install --silent", "npx docusaurus build"],
    "build",
  ),
  made(
    "sveltekit",
    "",
    "sv@0.17.1 create site --template demo --types ts --add sveltekit-adapter=adapter:static --no-install",
    ["npm install --silent", allowDynamicRoutes, "npx vite build"],
    "build",
  ),
  made(
    "qwik",
    "",
    "create-qwik@1.20.1 playground site",
    ["npm install --silent", "npx qwik add static --skipConfirmation=true", "npm run build"],
    "dist",
  ),
  packed(
    "eleventy-base-blog@5.0.2",
    "about/",
    ["npm pkg delete dependencies", "npm install --silent --ignore-scripts", "npx eleventy"],
    "_site",
  ),
  // Next 10 does not run on today's Node.
  packed(
    "notus-nextjs@1.1.0",
    "landing.html",
    [
      "npm install --silent --ignore-scripts --legacy-peer-deps next@12 prop-types",
      "npx next build",
      "npx next export",
    ],
    "out",
  ),
];
