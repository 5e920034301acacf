/** Strokes, fills and labels of a trace on a canvas, coloured by the watts they stand for. */

import type { Point } from '../payloads.ts'
import { curve, runs, type Scale, type Stroke } from './curve.ts'

export interface Labels {
  watts(watts: number): string
  time(agoMs: number): string
  readonly now: string
}

/** Colours by name, as the style sheet's custom properties have them for this scheme. */
interface Palette {
  readonly low: string
  readonly mid: string
  readonly high: string
  readonly export: string
  readonly muted: string
  readonly line: string
  readonly font: string
}

interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface Frame {
  readonly context: CanvasRenderingContext2D
  readonly area: Area
  readonly scale: Scale
  readonly palette: Palette
  readonly nowMs: number
  readonly reachMs: number
  readonly small: boolean
}

/** Where the colours stand on the scale of watts. */
const levels = { mid: 2_000, high: 5_000 } as const
export const gridSteps = 3
const timeSteps = [15_000, 30_000, 60_000, 120_000, 300_000]

export function paletteOf(canvas: HTMLCanvasElement): Palette {
  const style = getComputedStyle(canvas)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    low: colour('low'),
    mid: colour('mid'),
    high: colour('high'),
    export: colour('export'),
    muted: colour('muted'),
    line: colour('line'),
    font: style.fontFamily
  }
}

function xOf({ area, nowMs, reachMs }: Frame): (atMs: number) => number {
  return atMs => area.right - ((nowMs - atMs) / reachMs) * (area.right - area.left)
}

function yOf({ area, scale }: Frame): (watts: number) => number {
  return watts => area.bottom - ((watts - scale.least) / (scale.most - scale.least)) * (area.bottom - area.top)
}

export function paintSeries(frame: Frame, points: readonly Point[], staleMs: number): void {
  const { context, area } = frame
  const colours = levelGradient(frame)
  const zero = yOf(frame)(0)
  const strokes = runs(points, staleMs).map(run => curve(run, xOf(frame), yOf(frame)))
  const alpha = context.globalAlpha
  context.save()
  context.beginPath()
  context.rect(area.left, 0, area.right - area.left + 8, area.bottom + 2)
  context.clip()
  context.globalAlpha = alpha * (frame.small ? 0.14 : 0.2)
  context.fillStyle = colours
  for (const stroke of strokes) {
    trail(context, stroke)
    context.lineTo(stroke.pieces[stroke.pieces.length - 1]?.x ?? stroke.x, zero)
    context.lineTo(stroke.x, zero)
    context.fill()
  }
  fadeToZero(frame, zero)
  context.globalAlpha = alpha
  context.strokeStyle = colours
  context.lineWidth = frame.small ? 1.75 : 2.5
  context.lineJoin = 'round'
  context.lineCap = 'round'
  for (const stroke of strokes) {
    trail(context, stroke)
    context.stroke()
  }
  if (!frame.small) fadeToLeft(frame)
  context.restore()
}

/** The fill grows fainter towards zero. */
function fadeToZero({ context, area }: Frame, zero: number): void {
  const fade = context.createLinearGradient(0, area.top, 0, area.bottom)
  fade.addColorStop(0, 'rgba(0,0,0,0)')
  fade.addColorStop(Math.min(1, Math.max(0, (zero - area.top) / (area.bottom - area.top))), 'rgba(0,0,0,0.8)')
  if (zero < area.bottom) fade.addColorStop(1, 'rgba(0,0,0,0)')
  erase(context, fade, area)
}

/** The oldest minutes dissolve under the scale's labels. */
function fadeToLeft({ context, area }: Frame): void {
  const fade = context.createLinearGradient(area.left, 0, area.left + 88, 0)
  fade.addColorStop(0, 'rgba(0,0,0,0.92)')
  fade.addColorStop(0.5, 'rgba(0,0,0,0.75)')
  fade.addColorStop(1, 'rgba(0,0,0,0)')
  erase(context, fade, area)
}

function erase(context: CanvasRenderingContext2D, fade: CanvasGradient, { left, right, bottom }: Area): void {
  context.globalAlpha = 1
  context.globalCompositeOperation = 'destination-out'
  context.fillStyle = fade
  context.fillRect(left, 0, right - left + 8, bottom + 2)
  context.globalCompositeOperation = 'source-over'
}

function trail(context: CanvasRenderingContext2D, { x, y, pieces }: Stroke): void {
  context.beginPath()
  context.moveTo(x, y)
  if (pieces.length === 0) context.lineTo(x + 0.01, y)
  for (const piece of pieces) context.bezierCurveTo(piece.x1, piece.y1, piece.x2, piece.y2, piece.x, piece.y)
}

/** Colour by watts: the same power has the same colour on every scale. */
function levelGradient(frame: Frame): CanvasGradient {
  const { context, area, palette, scale } = frame
  const gradient = context.createLinearGradient(0, area.bottom, 0, area.top)
  const stop = (watts: number, colour: string) => {
    const at = (watts - scale.least) / (scale.most - scale.least)
    if (at >= 0 && at <= 1) gradient.addColorStop(at, colour)
    return at
  }
  const colourAt = (watts: number) => mixed(palette, watts)
  stop(scale.least, colourAt(scale.least))
  for (const watts of [-1, 0, 600, 1_200, levels.mid, 3_000, 4_000, levels.high]) {
    if (watts > scale.least && watts < scale.most) stop(watts, colourAt(watts))
  }
  stop(scale.most, colourAt(scale.most))
  return gradient
}

function mixed(palette: Palette, watts: number): string {
  if (watts < 0) return palette.export
  const [from, to, share] =
    watts < levels.mid
      ? [palette.low, palette.mid, Math.max(0, (watts - 500) / (levels.mid - 500))]
      : [palette.mid, palette.high, Math.min(1, (watts - levels.mid) / (levels.high - levels.mid))]
  const [one, other] = [channelsOf(from), channelsOf(to)]
  return `rgb(${one.map((value, index) => Math.round(value + ((other[index] ?? 0) - value) * share)).join(',')})`
}

function channelsOf(colour: string): number[] {
  return [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16) || 0)
}

export function paintScale(frame: Frame, labels: Labels, width: number, empty: boolean): void {
  const { context, area, scale, palette } = frame
  const y = yOf(frame)
  context.font = `500 12px ${palette.font}`
  context.lineWidth = 1
  context.textBaseline = 'alphabetic'
  for (let index = Math.ceil(scale.least / scale.stepWatts); index <= scale.most / scale.stepWatts; index += 1) {
    const watts = index * scale.stepWatts
    if (empty && watts !== 0) continue
    const row = Math.round(y(watts)) + 0.5
    context.strokeStyle = palette.line
    context.lineWidth = 1
    context.setLineDash(watts === 0 ? [] : [2, 4])
    context.beginPath()
    context.moveTo(area.left, row)
    context.lineTo(width, row)
    context.stroke()
    if (watts === 0) continue
    label(frame, labels.watts(watts), 20, row - 6, 'left')
  }
  context.setLineDash([])
  const stepMs = timeSteps.find(ms => ms * 2.6 >= frame.reachMs) ?? frame.reachMs / 2
  for (let agoMs = stepMs; agoMs <= frame.reachMs; agoMs += stepMs) {
    const x = area.right - (agoMs / frame.reachMs) * (area.right - area.left)
    if (x < 60) label(frame, labels.time(agoMs), Math.max(20, x - 20), area.bottom + 18, 'left')
    else label(frame, labels.time(agoMs), x, area.bottom + 18, 'center')
  }
  label(frame, labels.now, area.right, area.bottom + 18, 'center')
}

function label({ context, palette }: Frame, text: string, x: number, y: number, align: CanvasTextAlign): void {
  context.textAlign = align
  context.fillStyle = palette.muted
  context.fillText(text, x, y)
}

export function paintHead(frame: Frame, [atMs, watts]: Point, progress: number): void {
  const { context, palette, small } = frame
  const [x, y, radius] = [xOf(frame)(atMs), yOf(frame)(watts), small ? 2.5 : 5]
  const colour = mixed(palette, watts)
  if (!small) {
    context.globalAlpha = 0.35 * (1 - progress)
    context.fillStyle = colour
    disc(context, x, y, radius + 16 * progress)
    context.globalAlpha = 0.18
    disc(context, x, y, radius + 5)
  }
  context.globalAlpha = 1
  context.fillStyle = colour
  disc(context, x, y, radius)
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}
