/** What the chart has behind its series, and before them: unknown time, the lines of the scale, labels, the present. */
import type { Place } from './paths.ts'
import type { Picture } from './picture.ts'

export interface Palette {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly drawn: string
  readonly fedIn: string
  readonly warm: string
  readonly ground: string
  readonly font: string
}

export interface Canvas {
  readonly ctx: CanvasRenderingContext2D
  /** The plot without the room for labels. */
  readonly bbox: { readonly left: number; readonly top: number; readonly width: number; readonly height: number }
  readonly place: Place
  readonly palette: Palette
}

/** To the left of columns is room for the numbers of their scale. */
export const gutterPx = 34
const labelPx = 12
/** A column that lacks little is to be seen as well. */
const unknownAlphaLeast = 0.4

/** The colours and the type that hold at an element. */
export function paletteOf(host: HTMLElement): Palette {
  const style = getComputedStyle(host)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return {
    ...{ ink: of('--ink'), muted: of('--muted'), line: of('--line'), drawn: of('--low'), fedIn: of('--export') },
    ...{ warm: of('--mid'), ground: of('--ground'), font: style.fontFamily }
  }
}

/** Time of which nothing is known, and the lines of the scale. */
export function paintGround({ ctx, bbox, place, palette }: Canvas, picture: Picture): void {
  const { x, y, ratio } = place
  const [left, right] = [bbox.left, bbox.left + bbox.width]
  ctx.save()
  ctx.fillStyle = palette.line
  for (const { fromMs, toMs, share } of picture.unknown) {
    const [from, to] = [Math.max(x(fromMs), left), Math.min(x(toMs), right)]
    ctx.globalAlpha = 0.75 * (unknownAlphaLeast + (1 - unknownAlphaLeast) * share)
    if (to > from) ctx.fillRect(from, bbox.top, to - from, bbox.height)
  }
  ctx.globalAlpha = 1
  ctx.strokeStyle = palette.line
  ctx.lineWidth = ratio
  for (const { at } of picture.lines) {
    const row = Math.round(y(at)) + 0.5
    ctx.setLineDash(at === 0 ? [] : [2 * ratio, 4 * ratio])
    stroke(ctx, left, row, right, row)
  }
  ctx.restore()
}

/** The labels, and the present. */
export function paintLabels({ ctx, bbox, place, palette }: Canvas, picture: Picture, nowText: string): void {
  const { x, y, ratio } = place
  const [left, right, bottom] = [bbox.left, bbox.left + bbox.width, bbox.top + bbox.height]
  const text = (words: string, at: number, base: number, align: CanvasTextAlign) => {
    ctx.textAlign = align
    ctx.strokeText(words, at, base)
    ctx.fillText(words, at, base)
  }
  const centred = (words: string, at: number, base: number) => {
    const half = ctx.measureText(words).width / 2
    text(words, Math.min(Math.max(at, half), right - half), base, 'center')
  }
  ctx.save()
  ctx.font = `500 ${labelPx * ratio}px ${palette.font}`
  ctx.lineJoin = 'round'
  ctx.lineWidth = 3 * ratio
  ctx.strokeStyle = palette.ground
  ctx.fillStyle = palette.muted
  for (const line of picture.lines) {
    if (picture.kind === 'columns') text(line.text, left - 8 * ratio, y(line.at) + 4 * ratio, 'right')
    else if (line.at !== 0) text(line.text, left, y(line.at) - 5 * ratio, 'left')
  }
  if (picture.measure !== '') text(picture.measure, 0, bbox.top - 8 * ratio, 'left')
  for (const { at, text: words } of picture.ticks) {
    const middle = x(at)
    if (middle > left - ratio && middle < right + ratio) centred(words, middle, bottom + 17 * ratio)
  }
  if (picture.nowMs !== undefined) {
    const middle = Math.round(x(picture.nowMs)) + 0.5
    centred(nowText, middle, bbox.top - 8 * ratio)
    ctx.strokeStyle = palette.muted
    ctx.lineWidth = ratio
    ctx.setLineDash([3 * ratio, 3 * ratio])
    stroke(ctx, middle, bbox.top, middle, bottom)
  }
  ctx.restore()
}

/** Slanted lines of a colour on a thin ground of it. */
export function hatch(context: CanvasRenderingContext2D, colour: string, ground: string): CanvasPattern | string {
  const side = Math.round(6 * devicePixelRatio)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side
  const tile = canvas.getContext('2d')
  if (!tile) return colour
  tile.fillStyle = ground
  tile.fillRect(0, 0, side, side)
  tile.globalAlpha = 0.16
  tile.fillStyle = colour
  tile.fillRect(0, 0, side, side)
  tile.globalAlpha = 0.85
  tile.strokeStyle = colour
  tile.lineWidth = side / 4
  for (const shift of [-side, 0, side]) stroke(tile, shift - 2, side + 2, shift + side + 2, -2)
  return context.createPattern(canvas, 'repeat') ?? colour
}

function stroke(context: CanvasRenderingContext2D, fromX: number, fromY: number, toX: number, toY: number): void {
  context.beginPath()
  context.moveTo(fromX, fromY)
  context.lineTo(toX, toY)
  context.stroke()
}
