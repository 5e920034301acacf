/** The one table of the bench, and the few numbers that a series is told by. */

/** Who stands in the table's columns. `null` is a server that only copies. */
export const columns = ['wattslug', 'mosquitto', 'aedes', 'null']

/**
 * One row: what was measured, of each its number or a word that says why there is none, how a number is told, and the goal.
 * @typedef {{ name: string, values: Record<string, number | string>, show?: (number: number) => string, goal?: Goal }} Row
 * @typedef {{ text: string, holds: (values: Record<string, number | string>) => boolean, needs?: string }} Goal
 */

/** A goal that is a number. */
export const atMost = (most, text) => ({ text: `≤ ${text}`, holds: ({ wattslug }) => wattslug <= most })

/** A goal that nothing is lost. */
export const nothing = { text: 'nothing', holds: ({ wattslug }) => wattslug === 0 }

/** Goals beside mosquitto. */
export const timesMosquitto = factor => ({
  text: `≥ ${factor}× mosquitto`,
  holds: ({ wattslug, mosquitto }) => wattslug >= factor * mosquitto,
  needs: 'mosquitto'
})
export const atMostTimesMosquitto = factor => ({
  text: `≤ ${factor}× mosquitto`,
  holds: ({ wattslug, mosquitto }) => wattslug <= factor * mosquitto,
  needs: 'mosquitto'
})

/** Prints sections of rows as one table: the first column is text, the others are aligned to the right. */
export const printTable = sections => {
  const head = ['', ...columns, '× mosquitto', '× aedes', 'goal', '']
  const lines = sections.flatMap(({ title, rows }) => [[title], ...rows.map(cellsOf)])
  const widths = head.map((_, column) => Math.max(...[head, ...lines].filter(line => line.length > 1).map(line => line[column].length)))
  const told = line => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')
  console.log(`\n${told(head)}`)
  console.log(widths.map(width => '-'.repeat(width)).join('  '))
  for (const line of lines) console.log(line.length > 1 ? told(line) : `\n${line[0]}`)
}

/** How many goals there are, and which are missed or could not be asked. */
export const verdictOf = sections => {
  const judged = sections.flatMap(({ rows }) => rows).filter(row => row.goal !== undefined)
  const count = verdict => judged.filter(row => judge(row) === verdict).length
  return `goals: ${count('met')} met, ${count('MISSED')} missed, ${count('?')} not measured`
}

const cellsOf = row => {
  const { name, values, show = grouped, goal } = row
  const { wattslug, mosquitto, aedes } = values
  const cells = columns.map(column => (typeof values[column] === 'number' ? show(values[column]) : (values[column] ?? '–')))
  return [`  ${name}`, ...cells, ratio(wattslug, mosquitto), ratio(wattslug, aedes), goal?.text ?? '', judge(row)]
}

const judge = ({ values, goal }) => {
  if (goal === undefined) return ''
  if (['wattslug', ...(goal.needs ? [goal.needs] : [])].some(name => !Number.isFinite(values[name]))) return '?'
  return goal.holds(values) ? 'met' : 'MISSED'
}

/** How many times `number` is what the peer has. */
const ratio = (number, peer) => {
  if (!Number.isFinite(number) || !(peer > 0)) return ''
  return `${(number / peer).toFixed(number / peer < 10 ? 2 : 0)}×`
}

/** The middle of a series. */
export const medianOf = numbers => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** KB as MB. */
export const megabytes = kilobytes => (kilobytes / 1_000).toFixed(1)

/** A number with thousands set apart. */
export const grouped = number => Math.round(number).toLocaleString('en')

export const decimals = count => number => number.toFixed(count)

export const percent = share => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`
