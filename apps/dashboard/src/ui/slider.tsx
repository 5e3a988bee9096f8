import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface SliderProps {
  under: string;
  /** Null: there is no second picture, and `instead` says why. */
  over: string | null;
  name: string;
  /** What the first picture is. Default: the original. */
  tag?: string;
  /** Width ÷ height of the first picture; null: its own. */
  ratio?: number | null;
  /** Stands in place of the second picture. */
  instead?: string;
  /** Below the pictures, before the switches. */
  children?: ComponentChildren;
}

/** Two pictures of one thing on top of each other: a slider wipes between them; at their real pixels, or as their difference. */
export function Slider({ under, over, name, tag = "Original", ratio = null, instead = "", children }: SliderProps) {
  const [at, setAt] = useState(50);
  const [actual, setActual] = useState(false);
  const [difference, setDifference] = useState(false);
  const [found, setFound] = useState<Record<string, string>>({});
  const find = (url: string, words: string) => setFound((now) => ({ ...now, [url]: words }));
  const isWiped = !difference && (over !== null || instead !== "");
  const clipPath = difference ? "none" : `inset(0 0 0 ${at}%)`;
  return (
    <div>
      <div class="stage">
        <section
          class="wipe"
          data-actual={actual}
          data-difference={difference}
          tabIndex={actual ? 0 : undefined}
          aria-label="Both pictures"
          style={ratio === null || actual ? {} : { aspectRatio: String(ratio) }}
        >
          <Picture url={under} name={tag} find={find} />
          {over !== null && <Picture key={over} url={over} name={name} clipPath={clipPath} find={find} />}
          {over === null && instead !== "" && (
            <p class="instead" style={{ clipPath }}>
              <span>{instead}</span>
            </p>
          )}
        </section>
        <span class="tag small-text">{[tag, found[under]].filter(Boolean).join(", ")}</span>
        {(over !== null || instead !== "") && (
          <span class="tag right small-text">{[name, found[over ?? ""]].filter(Boolean).join(", ")}</span>
        )}
        {isWiped && <i class="wipe-bar" style={{ left: `${at}%` }} />}
        {isWiped && (
          <input
            type="range"
            aria-label="Original on the left, variant on the right"
            min={0}
            max={100}
            value={at}
            data-actual={actual}
            onInput={(event) => setAt(event.currentTarget.valueAsNumber)}
          />
        )}
      </div>
      <div class="row spread">
        <div class="grow">{children}</div>
        {over !== null && (
          <>
            <button type="button" class="small" aria-pressed={actual} onClick={() => setActual(!actual)}>
              1:1
            </button>
            <button type="button" class="small" aria-pressed={difference} onClick={() => setDifference(!difference)}>
              Difference
            </button>
          </>
        )}
      </div>
    </div>
  );
}

interface PictureProps {
  url: string;
  name: string;
  clipPath?: string;
  /** Told its pixels, or that it is gone or of a format that this browser does not know. */
  find(url: string, words: string): void;
}

function Picture({ url, name, clipPath = "none", find }: PictureProps) {
  return (
    <img
      src={url}
      alt={name}
      referrerpolicy="no-referrer"
      style={{ clipPath }}
      onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
        find(url, `${naturalWidth} × ${naturalHeight} px`)
      }
      onError={() => find(url, "does not load")}
    />
  );
}
