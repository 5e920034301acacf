/** The shapes that the chart draws, as paths in the pixels of its canvas. */
import type { Picture } from './picture.ts'
import { backfilledShare, importedWh, isBackfilled, type Span } from './spans.ts'

/** From instants and values to pixels. */
export interface Place {
  x(atMs: number): number
  y(value: number): number
  readonly ratio: number
}

/** Columns leave this share of their width to the air between them, and are no wider than so many px. */
const columnShare = 0.72
const columnMostPx = 44
const radiusPx = 4

/** A line through the middles of spans, broken where nothing is known, and the area between it and zero. */
export function trail(
  place: Place,
  spans: readonly Span[],
  watts: (span: Span, index: number) => number | null
): { line: Path2D; area: Path2D } {
  const [line, area] = [new Path2D(), new Path2D()]
  const zero = place.y(0)
  let edge: { readonly right: number; readonly y: number } | undefined
  for (const [index, span] of spans.entries()) {
    const value = watts(span, index)
    const y = value === null ? 0 : place.y(value)
    const [left, right] = [place.x(span.fromMs), place.x(span.toMs)]
    if (edge && value === null) {
      for (const path of [line, area]) path.lineTo(edge.right, edge.y)
      area.lineTo(edge.right, zero)
    }
    if (!edge && value !== null) {
      line.moveTo(left, y)
      area.moveTo(left, zero)
      area.lineTo(left, y)
    }
    edge = value === null ? undefined : { right, y }
    if (edge) for (const path of [line, area]) path.lineTo((left + right) / 2, y)
  }
  if (edge) {
    for (const path of [line, area]) path.lineTo(edge.right, edge.y)
    area.lineTo(edge.right, zero)
  }
  return { line, area }
}

/** From the lowest to the highest reading of each span. */
export function range(place: Place, spans: readonly Span[]): Path2D {
  const path = new Path2D()
  for (const { fromMs, toMs, minWatts, maxWatts } of spans) {
    if (minWatts === null || maxWatts === null) continue
    const [left, top] = [place.x(fromMs), place.y(maxWatts)]
    path.rect(left, top, place.x(toMs) - left, Math.max(place.ratio, place.y(minWatts) - top))
  }
  return path
}

/** Columns of what was drawn, above zero, or of what was fed in, below; the part from the meter's memory stands at their far end. */
export function columns(place: Place, spans: readonly Span[], part: 'imported' | 'exported'): { measured: Path2D; backfilled: Path2D } {
  const [measured, backfilled] = [new Path2D(), new Path2D()]
  for (const span of spans) {
    const value = part === 'imported' ? importedWh(span) : -span.exportedWh
    if (value === null || value === 0 || span.energyWh === null) continue
    const { left, width } = columnAt(place, span)
    const [zero, middle, end] = [place.y(0), place.y(value * (1 - backfilledShare(span))), place.y(value)]
    const share = backfilledShare(span)
    if (share < 1) column(measured, left, width, zero, middle, share === 0 ? radiusPx * place.ratio : 0)
    if (share > 0) column(backfilled, left, width, middle, end, radiusPx * place.ratio)
  }
  return { measured, backfilled }
}

/** A stroke across each column, where the period before stood. */
export function marks(place: Place, { spans, before }: Picture): Path2D {
  const path = new Path2D()
  for (const [index, span] of spans.entries()) {
    const value = before[index] ?? null
    if (value === null) continue
    const { left, width } = columnAt(place, span)
    const y = place.y(value)
    path.moveTo(left - width * 0.12, y)
    path.lineTo(left + width * 1.12, y)
  }
  return path
}

/** Of power that was measured, as it is. */
export function measuredWatts(span: Span): number | null {
  return isBackfilled(span) ? null : span.meanWatts
}

/** Of power from the meter's memory, what was drawn, or what was fed in. */
export function backfilledWatts(part: 'imported' | 'exported'): (span: Span) => number | null {
  const cut = part === 'imported' ? Math.max : Math.min
  return span => (isBackfilled(span) && span.meanWatts !== null ? cut(0, span.meanWatts) : null)
}

function columnAt(place: Pick<Place, 'x' | 'ratio'>, { fromMs, toMs }: Span): { left: number; width: number } {
  const [left, right] = [place.x(fromMs), place.x(toMs)]
  const width = Math.max(place.ratio, Math.min((right - left) * columnShare, columnMostPx * place.ratio))
  return { left: (left + right - width) / 2, width }
}

/** A rectangle whose far end is rounded, as far as there is room. */
function column(path: Path2D, left: number, width: number, near: number, far: number, radius: number): void {
  const round = Math.min(radius, width / 2, Math.abs(far - near))
  const corners = far < near ? [round, round, 0, 0] : [0, 0, round, round]
  path.roundRect(left, Math.min(near, far), width, Math.max(Math.abs(far - near), 1), corners)
}
