import type { HookDelivery, Hooks } from "@prewarm/control-schema/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { filterUrl, STATES } from "../lib/job-filter.ts";
import { imageUrl } from "../lib/paths.ts";
import { navigate, place } from "../lib/router.ts";
import { spanOfDay } from "../lib/time-style.ts";
import { Card } from "../ui/card.tsx";
import { Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

const SHOWN = 50;

/** What upload systems have sent, and what came of it; the address has the day that is looked at. */
export function HookDeliveries() {
  const day = place.value.searchParams.get("day") ?? "";
  const query = { limit: SHOWN, ...spanOfDay(day) };
  const resource = useResource(`hooks ${day}`, (signal) => ask("GET /api/v1/hooks", { query, signal }), 4000);
  return (
    <Card title="Hooks in" beside={<DayField day={day} />}>
      <View resource={resource} what="hooks">
        {({ hooks, deliveries }) => (
          <>
            {hooks.length === 0 ? (
              <p class="muted">
                The configuration has no hooks. R2's notifications need none: they come by the queue{" "}
                <span class="mono">prewarm-uploads</span>.
              </p>
            ) : (
              <ul class="small-text">
                {hooks.map((hook) => (
                  <Hook key={hook.name} hook={hook} last={deliveries.find((one) => one.hook === hook.name)} />
                ))}
              </ul>
            )}
            {deliveries.length === 0 ? (
              <Empty title={day === "" ? "No deliveries yet" : "No deliveries of this day"}>
                Calls of upload systems appear here with their outcome, refused ones too. The last 200 are kept.
              </Empty>
            ) : (
              <Deliveries deliveries={deliveries} />
            )}
            {deliveries.length === SHOWN && (
              <p class="muted">The last {SHOWN} are shown. Choose a day for older ones.</p>
            )}
          </>
        )}
      </View>
    </Card>
  );
}

function DayField({ day }: { day: string }) {
  const go = (to: string) => navigate(to === "" ? "/system" : `/system?day=${to}`, { replace: true });
  return (
    <label>
      Day <input type="date" value={day} onChange={({ currentTarget: { value } }) => go(value)} />
    </label>
  );
}

function Hook({ hook, last }: { hook: Hooks["hooks"][number]; last: HookDelivery | undefined }) {
  return (
    <li>
      <b class="mono break">{hook.name}</b> is verified by {hook.verifier}, read as {hook.mapper}, and warms{" "}
      <span class="mono">{hook.recipe}</span>.{" "}
      {hook.fault !== null ? (
        <b class="break">It refuses every call: {hook.fault}</b>
      ) : last === undefined ? (
        "No recent delivery."
      ) : (
        <>
          Last: {last.verdict} <Time at={last.at} />.
        </>
      )}
    </li>
  );
}

const PILLS = { accepted: "pill good", repeat: "pill", refused: "pill bad" } as const;

function Deliveries({ deliveries }: { deliveries: readonly HookDelivery[] }) {
  return (
    <Table
      label="Deliveries of hooks"
      isOfText
      rows={deliveries}
      keyOf={(one) => `${deliveries.indexOf(one)} ${one.at}`}
      columns={[
        ["When", ({ at }) => <Time at={at} asClock />],
        ["Hook", ({ hook }) => <span class="mono">{hook}</span>],
        [
          "Verdict",
          ({ verdict, n }) => (
            <span class="nowrap">
              <span class={PILLS[verdict]}>{verdict}</span> {n > 1 && `${count(n)} times`}
            </span>
          ),
        ],
        ["What came of it", (one) => <Outcome of={one} />],
      ]}
    />
  );
}

function Outcome({ of: one }: { of: HookDelivery }) {
  return (
    <>
      {outcomeOf(one)} {one.run !== null && <a href={`/runs/${encodeURIComponent(one.run)}`}>{one.run}</a>}
      <ImagesNow images={one.images} />
    </>
  );
}

const FAILED = ["dead", "refused"] as const;

/** What became of the first images of a delivery: only variants that are not stored are told. */
function ImagesNow({ images }: Pick<HookDelivery, "images">) {
  return (
    <ul class="small-text">
      {images.map(({ id, states, error }) => {
        const failed = FAILED.reduce((sum, state) => sum + (states[state] ?? 0), 0);
        const others = STATES.filter((state) => (states[state] ?? 0) > 0 && !FAILED.some((one) => one === state));
        return (
          <li key={id}>
            <a href={imageUrl(id)}>{id}</a>{" "}
            {failed > 0 && (
              <a class="pill bad" href={filterUrl({ states: [...FAILED], search: `id:"${id}"` })}>
                {count(failed)} failed
              </a>
            )}{" "}
            {others.map((state) => `${count(states[state] ?? 0)} ${state}`).join(", ")}
            {failed + others.length === 0 && "nothing is left to make"}
            {error !== null && ` ${error.message} (${error.code})`}
          </li>
        );
      })}
    </ul>
  );
}

/** `6 variants enqueued, 1 item rejected (id_invalid: …)`. */
export function outcomeOf(one: HookDelivery): string {
  if (one.verdict === "refused") return one.why ?? "";
  if (one.verdict === "repeat") return "A repeat; nothing was done.";
  // The sender spoke of its subscription.
  if (one.rejected === 0 && one.why !== null) return one.why;
  const parts: [n: number, what: string, after: string][] = [
    [one.accepted, "variant", " enqueued"],
    [one.duplicates, "variant", " under way already"],
    [one.existing, "variant", " stored already"],
    [one.purged, "image", " purged"],
    [one.ignored, "event", " ignored"],
    [one.rejected, "item", ` rejected${one.why === null ? "" : ` (${one.why})`}`],
  ];
  const said = parts.filter(([n]) => n > 0).map(([n, what, after]) => plural(n, what) + after);
  return said.length === 0 ? "There was nothing to do." : `${said.join(", ")}.`;
}
