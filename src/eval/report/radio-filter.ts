// A choice of what a page shows, without script: radio buttons, and the style that hides what is not chosen. What is chosen
// by never becomes part of the style or of a class, whoever wrote it.

import { escapeHtml } from "../../runs/page.js";

interface Filter<Item> {
  /** The buttons; empty where there is nothing to choose. */
  readonly html: string;
  readonly style: string;
  /** What an item's `<details>` in `<main>` has to have as a class. */
  readonly classOf: (item: Item) => string;
}

/**
 * @param name  of letters; no other filter of the page has it
 * @param order  values that come first, and are shown with none of the items too
 */
export function radioFilter<Item>(
  name: string,
  title: string,
  items: readonly Item[],
  valueOf: (item: Item) => string,
  order: readonly string[] = [],
): Filter<Item> {
  const counts = new Map<string, number>(order.map((value) => [value, 0]));
  for (const item of items) counts.set(valueOf(item), (counts.get(valueOf(item)) ?? 0) + 1);
  const places = new Map([...counts.keys()].map((value, place) => [value, place]));
  const classOf = (item: Item): string => `${name}-${places.get(valueOf(item))}`;
  if (counts.size < 2) return { html: "", style: "", classOf };
  const choices = [...counts].map(([value, count], i) => choice(name, String(i), `${value} (${count})`));
  const all = choice(name, "all", `all (${items.length})`, " checked");
  return {
    html: `<fieldset><legend>${escapeHtml(title)}</legend>${all}${choices.join("")}</fieldset>`,
    style: choices.map((_, i) => hiding(`${name}-${i}`)).join(""),
    classOf,
  };
}

function choice(name: string, value: string, label: string, attribute = ""): string {
  return `<label><input type="radio" name="${name}" id="${name}-${value}"${attribute}> ${escapeHtml(label)}</label>`;
}

function hiding(id: string): string {
  return `\nbody:has(#${id}:checked) main details:not(.${id}){display:none}`;
}
