// `npm run bench -- cli-memory`: the published command line over a million ids. It takes no more memory than over 50,000, and a fair
// share of a bare script's rate. The server answers at once, so that the program is what is measured.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { packPrewarm, run } from "./cli/run-prewarm.ts";
import { type Figure, median, report } from "./figures.ts";

const ROUNDS = 3;
const FEW = 50_000;
const MANY = 1_000_000;
const ANSWER = JSON.stringify({ run: "r", accepted: 1, duplicates: 0, existing: 0, rejected: [], rejectedTotal: 0 });

function startServer(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(202, { "content-type": "application/json" }).end(ANSWER);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.close() });
    });
  });
}

const cwd = mkdtempSync(join(tmpdir(), "prewarm-cli-memory-"));
const server = await startServer();
const env = { PREWARM_URL: server.url, ADMIN_TOKEN: "a-token-of-an-operator" };

function writeIds(count: number): string {
  const file = join(cwd, `${count}.txt`);
  writeFileSync(file, Array.from({ length: count }, (_, n) => `gallery/${n}/picture.jpg\n`).join(""));
  return file;
}

async function measure(): Promise<Figure[]> {
  const program = await packPrewarm(join(cwd, "package"));
  const [few, many] = [writeIds(FEW), writeIds(MANY)];
  const sender = join(import.meta.dirname, "cli/bare-sender.ts");
  const [memory, rates, peaks]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const small = await run([program, "warm", "--file", few, "--quiet"], { cwd, env });
    const large = await run([program, "warm", "--file", many, "--quiet"], { cwd, env });
    const bare = await run([sender, server.url, env.ADMIN_TOKEN, many], { cwd, env });
    if (small.code !== 0 || large.code !== 0 || bare.code !== 0) throw new Error("a sender failed");
    memory.push(large.peakMb / small.peakMb);
    rates.push(bare.ms / large.ms);
    peaks.push(large.peakMb);
  }
  const to = `itself over ${FEW.toLocaleString("en")}, ${median(peaks).toFixed(0)} MB here`;
  return [
    { name: "most memory over 1,000,000 ids", to, ratios: memory, atLeast: 0.9, atMost: 1.1 },
    { name: "rate over 1,000,000 ids", to: "a bare script's", ratios: rates, atLeast: 0.3 },
  ];
}

try {
  const figures = await measure();
  console.log(`Load of the machine: ${loadavg().map(Math.round).join(", ")}.\n`);
  report("cli-memory", figures);
} finally {
  server.close();
  rmSync(cwd, { recursive: true, force: true });
}
