import { useState } from "preact/hooks";

/** Two pictures of one thing on top of each other: a slider wipes between them; at their real pixels, or as their difference. */
export function Slider({ under, over, name }: { under: string; over: string; name: string }) {
  const [at, setAt] = useState(50);
  const [actual, setActual] = useState(false);
  const [difference, setDifference] = useState(false);
  const clip = difference ? "none" : `inset(0 0 0 ${at}%)`;
  return (
    <div class="slider">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus (WCAG 2.1.1) */}
      <section class="wipe" data-actual={actual} data-difference={difference} tabIndex={0} aria-label="Both pictures">
        <img src={under} alt="Original" loading="lazy" referrerpolicy="no-referrer" />
        <img src={over} alt={name} loading="lazy" referrerpolicy="no-referrer" style={{ clipPath: clip }} />
      </section>
      <div class="row-form">
        <label class="grow">
          <span class="visually-hidden">Original on the left, variant on the right</span>
          <input
            type="range"
            min={0}
            max={100}
            value={at}
            disabled={difference}
            onInput={(event) => setAt(event.currentTarget.valueAsNumber)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={actual} onChange={(event) => setActual(event.currentTarget.checked)} /> 1:1
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={difference}
            onChange={(event) => setDifference(event.currentTarget.checked)}
          />{" "}
          Difference
        </label>
      </div>
    </div>
  );
}
