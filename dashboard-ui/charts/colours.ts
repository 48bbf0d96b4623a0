// What lines look like: colours and dashes in an order, so that no two neighbours are told apart by colour alone.

const COLOURS = 8;

/** In CSS pixels: drawn, left out, … */
const dashes: ReadonlyArray<readonly number[]> = [
  [],
  [7, 3],
  [2, 2],
  [10, 3, 2, 3],
  [4, 4],
  [12, 4],
  [6, 2, 2, 2, 2, 2],
  [1, 3],
];

export function colourName(place: number): string {
  return `--series-${(place % COLOURS) + 1}`;
}

/** Beyond the colours' number the same colour comes with another dash. */
export function dashOf(place: number): readonly number[] {
  return dashes[(place + Math.floor(place / COLOURS)) % dashes.length] ?? [];
}

/** The colours as the canvas takes them; the style sheet's names depend on the theme. */
export function colourReader(element: HTMLElement): (name: string) => string {
  const probe = document.createElement("span");
  return (name) => {
    probe.style.color = `var(${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

/** `rgb(1, 2, 3)` as `rgb(1, 2, 3, 0.2)`. */
export function seeThrough(colour: string, opacity: number): string {
  return colour.replace(/^rgb\((.*)\)$/, (_, parts: string) => `rgba(${parts}, ${opacity})`);
}
