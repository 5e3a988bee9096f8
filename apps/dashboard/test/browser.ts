import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";

/*
 * A Chromium without system packages: @sparticuz/chromium ships the binary, the libraries it links (`al2023`), a font and a software
 * renderer, each as brotli. They are unpacked once beside node_modules. It is the same browser with the same font on every machine; one of
 * the system stands in only where there is none for the machine: with other fonts a test would judge another page. $CHROMIUM wins over both.
 */

const require = createRequire(import.meta.url);
const inflate = promisify(brotliDecompress);
const SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
];
// Nothing it does by itself may leave the machine: a test counts requests.
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--no-pings",
];

/** Starts a headless Chromium; the caller closes it. Takes about 3 s more the first time on a machine. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch(await browserProgram());
}

/** The program, its flags and its environment. */
export async function browserProgram(): Promise<{
  executablePath: string;
  args: string[];
  env: Record<string, string>;
}> {
  const isOurs = process.platform === "linux" && process.arch === "x64";
  const found = [process.env.CHROMIUM, ...(isOurs ? [] : SYSTEM)].find((path) => path && existsSync(path));
  // Under LANG=C Chromium says its language is `en-US@posix`, which Intl refuses.
  const own = {
    ...(process.env as Record<string, string>),
    LANG: "en_US.UTF-8",
    LANGUAGE: "en_US",
    LC_ALL: "en_US.UTF-8",
  };
  if (found) return { executablePath: found, args: QUIET, env: own };
  const home = await unpacked();
  const env = {
    ...own,
    FONTCONFIG_PATH: home,
    LD_LIBRARY_PATH: [join(home, "lib"), home, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
  };
  return {
    executablePath: join(home, "chromium"),
    args: [...QUIET, "--no-zygote", "--font-render-hinting=none"],
    env,
  };
}

async function unpacked(): Promise<string> {
  const bin = join(packageFolder(), "bin");
  const { version } = JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  const cache = join(import.meta.dirname, "../node_modules/.cache/");
  const home = join(cache, `chromium-${version}`);
  if (existsSync(home)) return home;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, "unpacking-"));
  for (const name of ["al2023", "fonts", "swiftshader"])
    await untar(await inflate(await readFile(join(bin, `${name}.tar.br`))), fresh);
  await writeFile(join(fresh, "fonts.conf"), fontsConf(home));
  await writeFile(join(fresh, "chromium"), await inflate(await readFile(join(bin, "chromium.br"))), { mode: 0o755 });
  // Two test files may unpack at once: whoever renames second finds it done.
  await rename(fresh, home).catch(() => rm(fresh, { recursive: true, force: true }));
  return home;
}

function packageFolder(): string {
  const entry = require.resolve("@sparticuz/chromium");
  return entry.slice(0, entry.lastIndexOf("/build/"));
}

function fontsConf(home: string): string {
  const folders = [join(home, "fonts"), "/usr/share/fonts"].map((folder) => `<dir>${folder}</dir>`).join("");
  return `<?xml version="1.0"?><fontconfig>${folders}<cachedir>${join(home, "font-cache")}</cachedir></fontconfig>`;
}

/** Plain files of a ustar archive; the four we read hold nothing else that matters. */
async function untar(archive: Buffer, folder: string): Promise<void> {
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const name = archive.toString("utf8", at, archive.indexOf(0, at));
    const size = Number.parseInt(archive.toString("ascii", at + 124, at + 135), 8);
    const isFile = archive[at + 156] === 0x30 || archive[at + 156] === 0;
    if (isFile) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), archive.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
