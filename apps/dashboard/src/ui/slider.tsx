import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface SliderProps {
  under: string;
  /** Null: there is no second picture, and `instead` says why. */
  over: string | null;
  name: string;
  /** Width ÷ height of the first picture; null: its own. */
  ratio?: number | null;
  /** Stands in place of the second picture. */
  instead?: string;
  /** Below the pictures, before the switches. */
  children?: ComponentChildren;
}

/** Two pictures of one thing on top of each other: a slider wipes between them; at their real pixels, or as their difference. */
export function Slider({ under, over, name, ratio = null, instead = "", children }: SliderProps) {
  const [at, setAt] = useState(50);
  const [actual, setActual] = useState(false);
  const [difference, setDifference] = useState(false);
  const isWiped = !difference && (over !== null || instead !== "");
  const clipPath = difference ? "none" : `inset(0 0 0 ${at}%)`;
  return (
    <div class="slider">
      <div class="stage">
        <section
          class="wipe"
          data-actual={actual}
          data-difference={difference}
          tabIndex={actual ? 0 : undefined}
          aria-label="Both pictures"
          style={ratio === null || actual ? {} : { aspectRatio: String(ratio) }}
        >
          <img src={under} alt="Original" referrerpolicy="no-referrer" />
          {over !== null && <img key={over} src={over} alt={name} referrerpolicy="no-referrer" style={{ clipPath }} />}
          {over === null && instead !== "" && (
            <p class="instead" style={{ clipPath }}>
              <span>{instead}</span>
            </p>
          )}
        </section>
        <span class="tag">Original</span>
        {(over !== null || instead !== "") && <span class="tag right">{name}</span>}
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
      <div class="row-form">
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
