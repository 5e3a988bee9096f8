import type { ComponentChildren } from "preact";
import { environment, session, signOut } from "./api/session.ts";
import { useStats } from "./api/stats.tsx";
import { compact } from "./lib/format.ts";
import { helpOpen } from "./lib/keyboard.ts";
import { live, liveSwitch, setLive } from "./lib/live.ts";
import { nextTheme, theme } from "./lib/theme.ts";

const NAV: readonly [href: string, name: string, key: string][] = [
  ["/", "Overview", "o"],
  ["/jobs", "Jobs", "j"],
  ["/runs", "Runs", "r"],
  ["/dead", "Dead letters", "d"],
  ["/images", "Images", "i"],
  ["/steering", "Steering", "s"],
];

/** What stands around every page. */
export function Shell({ path, children }: { path: string; children: ComponentChildren }) {
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="/">
          <img src="/icon.svg" alt="" width="22" height="22" />
          Prewarm
        </a>
        {environment.value && (
          <span class="environment" data-environment={environment.value}>
            {environment.value}
          </span>
        )}
        <span class="grow" />
        <LiveSwitch />
        <button type="button" class="ghost" onClick={nextTheme} title="Theme (t)">
          <span class="visually-hidden">Theme: </span>
          <span aria-hidden="true">◐</span> <span class="word">{theme.value}</span>
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
          ?
        </button>
        <Who />
      </header>
      <Nav path={path} />
      <main id="main" tabIndex={-1}>
        {path !== "/" && <HealthStrip />}
        {children}
      </main>
    </div>
  );
}

function Nav({ path }: { path: string }) {
  const stats = useStats().data.value;
  const counts: Record<string, number | undefined> = { "/jobs": stats?.open, "/dead": stats?.deadLetters };
  return (
    <nav class="nav" aria-label="Pages">
      {NAV.map(([href, name]) => {
        const here = href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
        const number = counts[href];
        return (
          <a key={href} href={href} aria-current={here ? "page" : undefined}>
            {name}
            {number ? <span class={href === "/dead" ? "pill bad" : "pill"}>{compact(number)}</span> : null}
          </a>
        );
      })}
    </nav>
  );
}

function LiveSwitch() {
  const words = live.value ? "Live" : "Paused";
  return (
    <button
      type="button"
      class="ghost live"
      role="switch"
      aria-checked={liveSwitch.value}
      onClick={() => setLive(!liveSwitch.value)}
      title="Live updates (p)"
    >
      <span class="pulse" data-on={live.value} aria-hidden="true" />
      <span class="visually-hidden">Live updates: </span>
      {words}
    </button>
  );
}

function Who() {
  const who = session.value;
  if (who === null || who === "unknown") return null;
  return (
    <details class="who">
      <summary>{who.role}</summary>
      <div class="menu">
        <p>{who.who}</p>
        {who.by !== "access" && (
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
        <a href="/openapi.json" target="_blank" rel="noreferrer">
          API description
        </a>
      </div>
    </details>
  );
}

/** Shown on every page when something is wrong, except on the overview, which shows the health in a larger card. */
function HealthStrip() {
  const health = useStats().data.value?.health;
  if (!health || health.level === "ok") return null;
  return (
    <p class={health.level === "problem" ? "strip bad" : "strip warn"}>
      <span>{health.sentence}</span>
      <a href="/steering">Steering</a>
    </p>
  );
}
