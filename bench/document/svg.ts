/** Drawing without a library: elements are text. Colours stand out from each other for the colour-blind, too, on white and on black. */
export const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777"] as const;

export const text = (
  x: number,
  y: number,
  content: string,
  options: Readonly<Record<string, string | number>> = {},
): string => `<text${attributes({ x, y, ...options })}>${encoded(content)}</text>`;

export const rectangle = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect${attributes({ x, y, width: Math.max(0, width), height, fill })}/>`;

export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string =>
  `<line${attributes({ x1, y1, x2, y2, stroke, "stroke-width": width })}/>`;

/** The whole picture, on white, so that it can be read whatever is around it. */
export function picture(width: number, height: number, elements: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...elements,
    "</svg>\n",
  ].join("\n");
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? Math.round(value * 10) / 10 : encoded(value)}"`)
    .join("");
}

function encoded(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
