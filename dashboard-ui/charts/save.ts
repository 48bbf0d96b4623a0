// A chart as a file: its picture with title and legend on the page's background, or its data.

import { colourName, colourReader, dashOf } from "./colours.js";
import type { Line } from "./curves.js";
import type { Painter } from "./line-chart.js";

interface Picture {
  readonly title: string;
  readonly subtitle: string;
  readonly lines: readonly Line[];
}

const [MARGIN, HEAD, ROW, SWATCH] = [16, 46, 18, 24];

/** In CSS pixels: what fits a page of text, whatever the window is. */
const [PLOT_WIDTH, PLOT_HEIGHT] = [880, 400];

/** PNG at the resolution of the screen. */
export async function savePicture(picture: Picture, paint: Painter): Promise<void> {
  pictureOf(picture, await paint(PLOT_WIDTH, PLOT_HEIGHT)).toBlob((blob) => {
    if (blob) saveAs(blob, `${fileName(picture.title)}.png`);
  }, "image/png");
}

export function saveText(text: string, title: string): void {
  saveAs(new Blob([text], { type: "text/csv" }), `${fileName(title)}.csv`);
}

function pictureOf({ title, subtitle, lines }: Picture, canvas: HTMLCanvasElement): HTMLCanvasElement {
  const ratio = devicePixelRatio;
  const width = canvas.width / ratio + 2 * MARGIN;
  const plotHeight = canvas.height / ratio;
  const drawn = document.createElement("canvas");
  const context = drawn.getContext("2d");
  if (!context) return drawn;
  context.font = "12px system-ui, sans-serif";
  const rows = legendRows(context, lines, width - 2 * MARGIN);
  drawn.width = width * ratio;
  drawn.height = (HEAD + plotHeight + rows.length * ROW + MARGIN * 1.5) * ratio;
  context.scale(ratio, ratio);
  const colour = colourReader(document.body);
  context.fillStyle = colour("--surface-raised");
  context.fillRect(0, 0, drawn.width, drawn.height);
  context.fillStyle = colour("--ink");
  context.font = "600 14px system-ui, sans-serif";
  context.fillText(title, MARGIN, 22);
  context.fillStyle = colour("--faint");
  context.font = "11px system-ui, sans-serif";
  context.fillText(subtitle, MARGIN, 38);
  context.drawImage(canvas, MARGIN, HEAD, canvas.width / ratio, plotHeight);
  context.font = "12px system-ui, sans-serif";
  for (const [i, row] of rows.entries()) {
    for (const { line, x } of row) drawEntry(context, line, MARGIN + x, HEAD + plotHeight + 14 + i * ROW, colour);
  }
  return drawn;
}

interface Placed {
  readonly line: Line;
  readonly x: number;
}

function legendRows(context: CanvasRenderingContext2D, lines: readonly Line[], width: number): Placed[][] {
  const rows: Placed[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const size = SWATCH + 6 + context.measureText(line.label).width + 16;
    if (x + size > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)?.push({ line, x });
    x += size;
  }
  return rows;
}

function drawEntry(
  context: CanvasRenderingContext2D,
  line: Line,
  x: number,
  y: number,
  colour: (name: string) => string,
): void {
  context.save();
  context.strokeStyle = colour(colourName(line.colour));
  context.lineWidth = 2;
  context.setLineDash([...dashOf(line.dash)]);
  context.beginPath();
  context.moveTo(x, y - 4);
  context.lineTo(x + SWATCH, y - 4);
  context.stroke();
  context.restore();
  context.fillStyle = colour("--ink");
  context.fillText(line.label, x + SWATCH + 6, y);
}

function saveAs(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function fileName(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
