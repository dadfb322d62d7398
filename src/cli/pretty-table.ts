/** The table of Kafka's newer tools: every cell padded to its column's width, then a tab. */
export function prettyTable(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headers.map((header, i) =>
    rows.reduce((width, row) => Math.max(width, row[i].length), header.length),
  )
  return [headers, ...rows].map((row) => row.map((cell, i) => `${cell.padEnd(widths[i])}\t`).join(''))
}
