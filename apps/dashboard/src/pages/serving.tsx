import type { Serving } from "@prewarm/control-schema/serving";
import { order } from "../api/order.ts";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, percent, plural, size } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { navigate, place } from "../lib/router.ts";
import { transformWords } from "../lib/transform-words.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Card } from "../ui/card.tsx";
import { PartsHead } from "../ui/parts-head.tsx";
import { Segments } from "../ui/segments.tsx";
import { useSort } from "../ui/sort.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { Table } from "../ui/table.tsx";
import { Thumb } from "../ui/thumb.tsx";
import { Tile } from "../ui/tile.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

const WINDOWS = [
  ["1h", "1 hour"],
  ["1d", "1 day"],
  ["30d", "30 days"],
] as const;

const OUTCOMES = [
  ["cache", "From a data centre's cache", "the variant"],
  ["store", "From R2", "the variant; it is in the cache from then on"],
  ["stand-in", "Another variant meanwhile", "the best stored one of the image, for 5 s"],
  ["original", "The original", "a redirect to it, or its bytes, while the variant is made"],
  ["placeholder", "The grey pixel", "the original is hidden"],
  ["bypass", "Passed through", "SVG, GIF and whatever else passes through"],
  ["refused", "Refused", "4xx: the address, the signature or the original is at fault"],
  ["failed", "Failed", "5xx: a fault of Prewarm"],
] as const satisfies readonly (readonly [keyof Serving["views"], string, string])[];

/** What it earns: how many views had their variant, what that saved, and what is missed. */
export function ServingPage() {
  const asked = place.value.searchParams.get("window");
  const [window] = WINDOWS.find(([name]) => name === asked) ?? WINDOWS[1];
  const resource = useResource(window, (signal) => ask("GET /api/v1/serving", { query: { window }, signal }), 30_000);
  return (
    <>
      <PartsHead title="Usage">
        <Segments
          label="Views within"
          of={WINDOWS}
          chosen={window}
          choose={(to) => navigate(`/usage?window=${to}`, { replace: true })}
        />
      </PartsHead>
      <View resource={resource} what="the view counts">
        {(serving) =>
          serving.state === "counted" ? (
            <Counted serving={serving} />
          ) : (
            <Empty title={serving.state === "off" ? "Views are not counted" : "The view counts cannot be read"}>
              {serving.text}
            </Empty>
          )
        }
      </View>
    </>
  );
}

function Counted({ serving }: { serving: Serving }) {
  const { views, hitRatio, bytes, savedBytes, originalBytes, buckets, formats, missed, oneIn, at } = serving;
  const all = Object.values(views).reduce((sum, n) => sum + n, 0);
  const failed = views.failed + views.refused;
  return (
    <>
      <section class="row tiles" aria-label="In all">
        <Tile name="Hit rate" value={hitRatio === null ? "–" : percent(hitRatio)}>
          <Sparkline
            values={buckets.map(({ hits, others }) => (hits + others === 0 ? null : hits / (hits + others)))}
            label="Share of views that had their variant, over time"
            format={percent}
          />
        </Tile>
        <Tile name="Views" value={count(all)}>
          <Sparkline values={buckets.map(({ hits, others }) => hits + others)} label="Views over time" format={count} />
          {failed > 0 && <p class="muted small-text">{count(failed)} refused or failed</p>}
        </Tile>
        <Tile name={savedBytes < 0 ? "Sent more than the originals" : "Saved"} value={size(Math.abs(savedBytes))}>
          <p class="muted small-text">
            {originalBytes === 0
              ? "No original's size is known yet"
              : `${percent(Math.abs(savedBytes) / originalBytes)} of ${size(originalBytes)} of originals; ${size(originalBytes - savedBytes)} were sent instead, ${size(bytes)} in all`}
          </p>
        </Tile>
      </section>
      <Missed missed={missed} />
      <div class="columns">
        <Answers views={views} all={all} />
        <Formats formats={formats} />
      </div>
      <p class="muted small-text">
        Read <Time at={at} />, at most once a minute.{" "}
        {oneIn > 1 && `One view in ${count(oneIn)} is counted and stands for the others.`}
      </p>
    </>
  );
}

function Answers({ views, all }: { views: Serving["views"]; all: number }) {
  return (
    <Card title="What answered">
      <Table
        label="Views by what answered them"
        rows={OUTCOMES}
        keyOf={([outcome]) => outcome}
        columns={[
          [
            "Answer",
            ([, name, meaning]) => (
              <>
                {name} <span class="muted small-text">{meaning}</span>
              </>
            ),
          ],
          ["Views", ([outcome]) => count(views[outcome])],
          ["Share", ([outcome]) => (all === 0 ? "–" : percent(views[outcome] / all))],
        ]}
      />
    </Card>
  );
}

const COLUMNS: Record<string, (one: Serving["formats"][number]) => string | number> = {
  format: ({ format }) => format,
  views: ({ views }) => views,
  sent: ({ bytes }) => bytes,
  saved: ({ savedBytes }) => savedBytes,
};

function Formats({ formats: all }: { formats: Serving["formats"] }) {
  const [formats, sort] = useSort(all, COLUMNS);
  return (
    <Card title="By format">
      {formats.length === 0 ? (
        <p class="muted">No variants were sent in this period.</p>
      ) : (
        <Table
          label="Variants sent by format"
          rows={formats}
          keyOf={({ format }) => format}
          columns={[
            ["Format", ({ format }) => format, "format"],
            ["Views", ({ views }) => count(views), "views"],
            ["Sent", ({ bytes }) => size(bytes), "sent"],
            ["Saved", ({ savedBytes: n }) => (n < 0 ? `−${size(-n)}` : size(n)), "saved"],
          ]}
          sort={sort}
        />
      )}
    </Card>
  );
}

/** What viewers asked for and did not get, with the order to make it. */
function Missed({ missed }: { missed: Serving["missed"] }) {
  const absent = missed.filter(({ stored }) => !stored);
  const items = absent.map(({ id, transform, v }) => ({ id, transforms: [transform], ...(v === null ? {} : { v }) }));
  return (
    <Card title="Missed most">
      {missed.length === 0 ? (
        <p class="muted">No misses: every view got its variant.</p>
      ) : (
        <>
          <ul class="sheet">
            {missed.map(({ key, id, transform, v, views, stored }) => (
              <li key={key} data-row={key}>
                <a href={imageUrl(id)} class="break small-text">
                  <Thumb id={id} />
                  {id}
                </a>
                <p class="muted small-text break">
                  {transformWords(transform)} {v !== null && `version ${v} `}· {plural(views, "view")}
                  {stored && <b> · stored since</b>}
                </p>
              </li>
            ))}
          </ul>
          {may("warm") && absent.length > 0 && (
            <ActButton class="primary" act={() => order(items, { label: "missed most by viewers", opens: true })}>
              Warm these {count(absent.length)}
            </ActButton>
          )}
        </>
      )}
    </Card>
  );
}
