/** The curve of a few numbers, as small as a word. */

const svg = 'http://www.w3.org/2000/svg'
const width = 120
const height = 28
const margin = 2

/** A curve through values at even distances; `label` is what it says to who cannot see it. */
export function sparkOf(values: readonly number[], label: string): SVGSVGElement {
  const root = document.createElementNS(svg, 'svg')
  root.setAttribute('class', 'spark')
  root.setAttribute('viewBox', `0 0 ${width} ${height}`)
  root.setAttribute('preserveAspectRatio', 'none')
  root.setAttribute('role', 'img')
  root.setAttribute('aria-label', label)
  const line = document.createElementNS(svg, 'polyline')
  line.setAttribute('points', pointsOf(values))
  root.append(line)
  return root
}

function pointsOf(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const y = (value: number) => (most === least ? height / 2 : height - margin - ((value - least) / (most - least)) * (height - 2 * margin))
  const step = (width - 2 * margin) / Math.max(values.length - 1, 1)
  return values.map((value, index) => `${(margin + index * step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
}
