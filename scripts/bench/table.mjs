/** Tables for a terminal, and the few numbers that a series is told by. */

/** Prints a table: the first column is text, the others are aligned to the right. */
export const printTable = ({ title, head, rows, notes = [] }) => {
  const cells = [head, ...rows].map(row => head.map((_, column) => String(row[column] ?? '')))
  const widths = head.map((_, column) => Math.max(...cells.map(row => row[column].length)))
  const line = row => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')
  console.log(`\n${title}`)
  console.log(line(cells[0]))
  console.log(widths.map(width => '-'.repeat(width)).join('  '))
  for (const row of cells.slice(1)) console.log(line(row))
  for (const note of notes) console.log(`  ${note}`)
}

/** Median, least and most. */
export const summary = numbers => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, least: sorted[0], most: sorted.at(-1) }
}

/** KB as MB. */
export const megabytes = kilobytes => (kilobytes / 1_000).toFixed(1)

/** A number with thousands set apart. */
export const grouped = number => Math.round(number).toLocaleString('en')

/** How many times `number` is what the peer has. */
export const ratio = (number, peer) => (peer > 0 ? `${(number / peer).toFixed(number / peer < 10 ? 2 : 0)}×` : '–')

export const percent = share => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`
