import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { receiptFile, receiptText } from "@prewarm/control-schema/receipt-file";
import { makePrivateKey, printPem, publicHalf, signText } from "@prewarm/shared/ed25519";
import { printable } from "@prewarm/shared/printable";
import { beforeEach, describe, expect, it } from "vitest";
import { tempFolder } from "../../../test/temp-folder.ts";
import { COMMANDS } from "../src/program.ts";
import { runCli } from "../src/run-cli.ts";
import { createWorld } from "./testing/fake-world.ts";
import { POISON, poisonedAnswer } from "./testing/poisoned-answers.ts";

/*
 * Text from elsewhere on its way to a terminal: answers of the control API, the names in a sitemap index, ids. A control character moves the
 * cursor or sets a title, a format character turns a line round. None reaches stdout or stderr as it is.
 */

const RAW = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const CONFIG = `export default { sources: [{ prefix: "", url: "https://o.example/{id}" }], presets: {} };\n`;
const ID = `x${POISON}`;
const RECEIPT_KEY = makePrivateKey();

/** How each command is called; a command that is missing here fails the test below. */
const LINES: Record<string, readonly (readonly string[])[]> = {
  warm: [
    ["a", ID, "--wait"],
    ["a", "--dry-run"],
    ["--sitemap", "index.xml"],
    ["--file", "ids.txt"],
  ],
  coverage: [
    ["--html", "pages", "--edge-url", "https://e.example"],
    ["--html", "pages", "--edge-url", "https://e.example", "--markdown", "--report", "shop"],
    ["--html", "pages", "--edge-url", "https://e.example", "--report", ID],
    ["--site", "https://e.example/"],
    ["--site", ID],
  ],
  adopt: [["access.log", "--from", "imgix", "--host", "e.example"]],
  info: [[ID]],
  url: [[ID], [`/images/${ID}`]],
  focal: [[ID, "0.5,0.5"]],
  purge: [[ID, "--yes"]],
  remove: [
    [ID, "--reason", ID, "--yes"],
    [ID, "--undo", "--yes"],
  ],
  receipt: [
    ["run_1"],
    ["--removed", ID],
    ["--verify", "receipt.txt", "--key", "keys.pem"],
    ["--verify", ID, "--key", "keys.pem"],
  ],

  try: [[ID]],
  init: [["--yes"]],
  dev: [["--originals", ID]],
  config: [[], ["--to", ID], ["--suggest"]],
  check: [[], ["--to", ID], ["--account"]],
  print: [["client"], ["csp"], ["wrangler"], ["wrangler", "--to", ID], [ID]],
  rewrite: [["pages", "--from", "https://e.example/images/"]],
  "hook test": [
    ["uploads", "--id", ID],
    ["uploads", ID, "--id", ID, "--dry-run"],
  ],

  provision: [["--to", ID], []],
  deploy: [[]],
  smoke: [[ID]],
  rollback: [[], [ID]],
  destroy: [["--confirm", ID]],
  "ittybit check": [["--original", ID]],

  pause: [["bulk"], [ID]],
  resume: [["bulk"]],
  gate: [[]],
  retry: [
    ["--state", "dead", "--yes"],
    [ID, "--yes"],
  ],
  cancel: [["--run", ID, "--yes"], [`act_${ID}`]],
  promote: [["run_1"]],
  doctor: [[], ["--fix"], ["--progress"]],
  "ledger export": [[]],
  "ledger restore": [["--bookmark", ID, "--yes"]],

  status: [[], ["run_1"]],
  jobs: [[], ["--state", ID]],
  causes: [[]],
  serving: [[]],
  costs: [[], ["--by", "mistake"], ["--by", ID], ["--estimate", "--images", ID]],
  log: [[], ["actions"], ["events"], ["hooks"], [ID]],
  mcp: [[], ["--write"]],
};

let cwd: string;
beforeEach(async () => {
  cwd = tempFolder("prewarm-poisoned-");
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  const location = "file:///etc/&#27;]0;PWNED&#7;&#27;[31m&#x202e;";
  writeFileSync(join(cwd, "index.xml"), `<sitemapindex><sitemap><loc>${location}</loc></sitemap></sitemapindex>`);
  mkdirSync(join(cwd, "pages"));
  const image = `<img src="https://e.example/images/a${encodeURIComponent("\u202e")}\u202e?w=320\u001b[31m&v=\u009b">`;
  writeFileSync(join(cwd, "pages", "\u202epage.html"), image.repeat(2));
  const address = encodeURIComponent(`/${POISON}.jpg?blur=${POISON}`);
  writeFileSync(join(cwd, "access.log"), `1.2.3.4 - - [x] "GET /${address}${POISON} HTTP/1.1" 200 1\n`);
  const counts = { ordered: 0, checked: 0, inStore: 0, missing: 0, forgotten: 0, complete: true, missingDigest: ID };
  const receipt = { run: ID, label: ID, createdAt: 0, startedAt: 0, checkedAt: 0, whys: {}, ...counts };
  writeFileSync(join(cwd, "receipt.txt"), receiptFile(receipt, await signText(receiptText(receipt), RECEIPT_KEY)));
  writeFileSync(join(cwd, "keys.pem"), printPem([await publicHalf(RECEIPT_KEY)]));
  writeFileSync(join(cwd, "ids.txt"), `good\n../${POISON.replaceAll("\n", "")}\n`);
});

type Answer = (method: string, path: string) => { status: number; body: unknown } | null;

async function run(name: string, args: readonly string[], answer: Answer) {
  const world = createWorld({
    cwd,
    env: {
      ADMIN_TOKEN: "operator",
      PREWARM_CONFIG: "prewarm.config.mjs",
      SIGNING_KEYS: "key",
      HOOK_SECRET: `whsec_${Buffer.from("a secret of twenty-four bytes").toString("base64")}`,
      ITTYBIT_API_KEY: "key",
      ITTYBIT_API_URL: "http://localhost:1",
    },
    run: async () => ({ code: 1, stdout: ID, stderr: `${POISON}\n${ID}` }),
    fetch: (url, { method = "GET" }) => {
      const { pathname } = new URL(url);
      const found = answer(method, pathname) ?? { status: 404, body: { title: ID, detail: ID, code: ID } };
      return new Response(JSON.stringify(found.body), { status: found.status, headers: { "x-detail": "x" } });
    },
  });
  await runCli([...name.split(" "), ...args], world.context, () => {});
  return { stdout: world.stdout(), stderr: world.stderr() };
}

const refused: Answer = () => ({
  status: 422,
  body: { type: "about:blank", title: ID, status: 422, code: ID, detail: ID },
});
const odd: Answer = () => ({ status: 200, body: ID });

it("tries every command", () => expect(Object.keys(LINES)).toEqual(COMMANDS.map(({ name }) => name)));

const CALLS = Object.entries(LINES).flatMap(([name, lines]) =>
  lines.map((args) => ({ call: printable([name, ...args].join(" ")), name, args })),
);

describe.each(CALLS)("prewarm $call", ({ name, args }) => {
  it.each([
    ["its answers are poisoned", poisonedAnswer],
    ["it is refused with poisoned words", refused],
    ["the answer is none of ours", odd],
  ])("prints no control or format character when %s", async (_, answer) => {
    const { stdout, stderr } = await run(name, args, answer);
    expect(stdout).not.toMatch(RAW);
    expect(stderr).not.toMatch(RAW);
    expect(stdout + stderr).not.toMatch(/^forged/m);
  });

  it("prints with --json exact JSON, and no control or format character either", async () => {
    const { stdout, stderr } = await run(name, [...args, "--json"], poisonedAnswer);
    expect(stdout + stderr).not.toMatch(RAW);
    if (stdout.startsWith("{")) for (const line of stdout.trimEnd().split("\n")) JSON.parse(line);
  });
});

it("gives back in JSON what the API said, letter by letter", async () => {
  const { stdout } = await run("log", ["--json"], poisonedAnswer);
  expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(POISON).slice(1, -1));
  expect(stdout).toContain("\\u202e");
});

it("shows what it does not print", async () => {
  const { stdout } = await run("log", [], poisonedAnswer);
  expect(stdout).toContain(
    "a\\x1b]0;PWNED\\x07\\x1b[31m\\x9b2J\\x7f\\u202e\\u200b\\u2066\\u{e0001}\\u2028\\x0d\\x0aforged",
  );
});
