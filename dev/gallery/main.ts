import { NOTED_MAX } from "../../packages/client/src/inspect.ts";
import { createCard, type View } from "./card.ts";
import { startForm } from "./form.ts";
import { openSite, type Site } from "./site.ts";

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

// The cards look again each second.
performance.setResourceTimingBufferSize(NOTED_MAX);
const said = byId("said");
const view = byId<HTMLFormElement>("view");
const site = await openSite();
startForm(byId<HTMLFormElement>("url"), byId("answer"), site);
const cards = site.ids.map((id) => createCard(id, site));
byId("grid").append(...cards.map(({ element }) => element));
if (cards.length === 0) said.textContent = "No picture is known yet: upload or warm one, or type its id below.";
if (!site.mayAct) said.textContent = "Open the address that the local stack has printed, to purge and to pause.";
await startPause(byId<HTMLButtonElement>("pause"), site);
view.addEventListener("submit", (event) => {
  event.preventDefault();
  loadAll();
});
loadAll();

function loadAll(): void {
  const given = new FormData(view);
  const asked: View = {
    slot: Number(given.get("slot")),
    density: Number(given.get("density")) || null,
    save: given.has("save"),
  };
  byId("grid").style.setProperty("--slot", `${asked.slot}px`);
  for (const card of cards) void card.load(asked);
}

async function startPause(button: HTMLButtonElement, { call, mayAct }: Site): Promise<void> {
  if (!mayAct) return;
  let isPaused = (await call("GET /api/v1/gate", {})).paused.live;
  const show = (): void => {
    button.disabled = false;
    button.textContent = isPaused ? "Resume viewers' jobs" : "Pause viewers' jobs";
    said.textContent = isPaused ? "Viewers' jobs are paused: what is cold stays cold." : "";
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    const gate = await call("PATCH /api/v1/gate", { body: { paused: { live: !isPaused } } }).catch(
      (error: Error) => error,
    );
    if (!(gate instanceof Error)) isPaused = gate.paused.live;
    show();
    if (gate instanceof Error) said.textContent = gate.message;
  });
  show();
}
