import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync } from "node:fs";
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

/** What a framework's own tool makes: `npx` of it in `site`, then more lines there. */
function made(name: string, page: string, make: string, lines: readonly string[], pages: string): Site {
  return {
    name,
    page,
    build(folder) {
      mkdirSync(folder, { recursive: true });
      run(folder, `npx -y ${make}`);
      for (const line of lines) run(join(folder, "site"), line);
      return join(folder, "site", pages);
    },
  };
}

/** A starter that is an npm package, with the lines that build it. */
function packed(name: string, page: string, lines: readonly string[], pages: string): Site {
  return {
    name,
    page,
    build(folder) {
      const root = unpack(folder, name);
      for (const line of lines) run(root, line);
      return join(root, pages);
    },
  };
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
    "sv@0.17.1 create site --template demo --types ts --no-add-ons --no-install",
    [
      "npm install --silent -D @sveltejs/adapter-static@3",
      "sed -i s/adapter-auto/adapter-static/;s/adapter()/adapter({strict:false})/ vite.config.ts",
      "npx vite build",
    ],
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
