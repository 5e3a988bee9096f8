import { expect, it } from "vitest";
import { transformWords } from "../src/lib/transform-words.ts";

it.each([
  ["w=1440&q=high&f=webp", "1440 px · webp · high"],
  ["w=800&h=600&fit=cover&pos=top&q=high&f=avif", "800 × 600 px · top · avif · high"],
  ["w=800&h=600&fit=contain&q=low&f=jpeg", "800 × 600 px · contain · jpeg · low"],
  ["h=600&q=high&f=webp", "600 px high · webp · high"],
  ["q=high&f=webp", "full size · webp · high"],
  ["p=card", "p=card"],
])("says %s in words", (transform, words) => expect(transformWords(transform)).toBe(words));
