import type { ComponentChildren } from "preact";
import { useLateness } from "./api/lateness.ts";
import { environment, known, signOut } from "./api/session.ts";
import { useStats } from "./api/stats.tsx";
import { compact, duration } from "./lib/format.ts";
import { helpOpen, paletteOpen } from "./lib/keyboard.ts";
import { browserClock, live, liveSwitch, setLive } from "./lib/live.ts";
import { NAV } from "./lib/nav.ts";
import { nextTheme, theme } from "./lib/theme.ts";
import { setTimeStyle, TIME_STYLES, timeStyle } from "./lib/time-style.ts";
import { Icon } from "./ui/icon.tsx";
import { IncidentLine } from "./ui/incidents.tsx";
import { Segments } from "./ui/segments.tsx";

/** What stands around every page. */
export function Shell({ path, children }: { path: string; children: ComponentChildren }) {
  return (
    <div class="shell">
      <a class="visually-hidden card skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="row brand" href="/">
          <img src="/icon.svg" alt="" width="22" height="22" />
          <b>Prewarm</b>
        </a>
        {environment.value && (
          <span class="pill environment" data-environment={environment.value}>
            {environment.value}
          </span>
        )}
        <span class="grow" />
        <button
          type="button"
          class="ghost"
          aria-haspopup="dialog"
          title="Go to, or do (Ctrl K)"
          onClick={() => {
            paletteOpen.value = true;
          }}
        >
          <Icon name="search" /> <span class="word">Go to…</span>
        </button>
        <LiveSwitch />
        <button type="button" class="ghost" onClick={nextTheme} title="Theme (t)">
          <span class="visually-hidden">Theme: </span>
          <Icon name="theme" /> <span class="word">{theme.value}</span>
        </button>
        <button
          type="button"
          class="ghost icon"
          aria-label="Keyboard help"
          title="Keyboard (?)"
          onClick={() => {
            helpOpen.value = true;
          }}
        >
          <Icon name="help" />
        </button>
        <Who />
      </header>
      <Nav path={path} />
      <main id="main" tabIndex={-1}>
        <Banner path={path} />
        {children}
      </main>
    </div>
  );
}

function Nav({ path }: { path: string }) {
  const stats = useStats().data.value;
  return (
    <nav class="nav" aria-label="Pages">
      {NAV.map(([href, name]) => {
        const here = href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
        return (
          <a key={href} href={href} aria-current={here ? "page" : undefined}>
            <Icon name={name.toLowerCase() as Lowercase<typeof name>} />
            {name}
            {href === "/jobs" && <Counts open={stats?.open ?? 0} dead={stats?.deadLetters ?? 0} />}
          </a>
        );
      })}
    </nav>
  );
}

/** Jobs that are open, and those that wait for an operator; a zero is not shown. */
function Counts({ open, dead }: { open: number; dead: number }) {
  return (
    <>
      {open > 0 && (
        <span class="pill">
          {compact(open)}
          <span class="visually-hidden"> open</span>
        </span>
      )}
      {dead > 0 && (
        <span class="pill bad" title="Dead letters">
          {compact(dead)}
          <span class="visually-hidden"> dead</span>
        </span>
      )}
    </>
  );
}

function LiveSwitch() {
  const late = useLateness();
  const { loadedAt, error } = useStats();
  const isUnanswered = loadedAt.value === null && error.value !== null;
  const lost = late !== null ? `Stale ${duration(late)}` : isUnanswered ? "No answer" : null;
  const words = live.value ? (lost ?? "Live") : "Paused";
  return (
    <button
      type="button"
      class="ghost"
      role="switch"
      aria-checked={liveSwitch.value}
      onClick={() => setLive(!liveSwitch.value)}
      title="Live updates (p)"
    >
      <span class="dot" data-on={live.value && lost === null} aria-hidden="true" />
      <span class="visually-hidden">Live updates: </span>
      {words}
    </button>
  );
}

function Who() {
  const who = known();
  if (who === null) return null;
  return (
    <details
      class="who"
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.open = false;
      }}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) event.currentTarget.open = false;
      }}
    >
      <summary>{who.role}</summary>
      <div class="card stack menu">
        <p>{who.who}</p>
        <Segments
          label="Times"
          of={TIME_STYLES.map((style) => [style, style] as const)}
          chosen={timeStyle.value}
          choose={setTimeStyle}
        />
        {who.by !== "access" && (
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
        <a href="/readyz" target="_blank" rel="noreferrer">
          Readiness
        </a>
        <a href="/openapi.json" target="_blank" rel="noreferrer">
          API description
        </a>
      </div>
    </details>
  );
}

/** One banner at most: that numbers are old before what they say is wrong. The overview has the latter in its first block. */
function Banner({ path }: { path: string }) {
  const stats = useStats();
  const late = useLateness();
  const error = stats.error.value;
  const data = stats.data.value;
  if (data !== null && (error !== null || late !== null))
    return (
      <p class="strip warn">
        <span>
          {error === null ? `The server has not answered for ${duration(late)}.` : error.message} These numbers are{" "}
          {duration(browserClock.value - (stats.loadedAt.value ?? browserClock.value))} old.
        </span>
        <button type="button" class="small" onClick={() => void stats.refresh()}>
          Try now
        </button>
      </p>
    );
  return data === null || path === "/" ? null : <IncidentLine stats={data} />;
}
