// The baseline: a script that sends the same requests and does nothing else. No check of a line, no note of how far it has come, no second try.
import { readFileSync } from "node:fs";

const [url = "", token = "", file = "", ...transforms] = process.argv.slice(2);
/** As many as the command line sends in one request. */
const ITEMS = 1_000;

const ids = readFileSync(file, "utf8").trim().split("\n");
for (let from = 0; from < ids.length; from += ITEMS) {
  const items = ids.slice(from, from + ITEMS).map((id) => ({ id, transforms }));
  const answer = await fetch(`${url}/api/v1/warm?run=bare`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ items }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
