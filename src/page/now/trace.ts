/** Power over the last minutes on a canvas, moving to each new point: large with its scale, or small in a card. */

import type { Point } from '../payloads.ts'
import { type Scale, scaleFor } from './curve.ts'
import { type Frame, gridSteps, type Labels, paintHead, paintScale, paintSeries, paletteOf } from './paint.ts'

export interface Picture {
  readonly points: readonly Point[]
  readonly nowMs: number
  readonly reachMs: number
  readonly staleMs: number
  /** Not the present: painted faint. */
  readonly dim: boolean
}

const settleMs = 600

export class Trace {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D | null
  /** Present for the large trace. */
  readonly #labels: Labels | undefined
  #picture: Picture | undefined
  /** What was seen before the newest point came, from which the trace moves to what is to be seen now. */
  #before: { readonly scale: Scale; readonly watts: number } | undefined
  #changedAt = 0

  constructor(canvas: HTMLCanvasElement, labels?: Labels) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    this.#labels = labels
  }

  show(picture: Picture, atMs: number): void {
    const [old, fresh] = [this.#picture?.points ?? [], picture.points]
    const [oldLast, last] = [old[old.length - 1], fresh[fresh.length - 1]]
    if (this.#picture && oldLast && last && last[0] > oldLast[0]) {
      this.#before = { scale: scaleFor(visible(this.#picture), gridSteps), watts: oldLast[1] }
      this.#changedAt = atMs
    }
    this.#picture = picture
  }

  /** Paints; true while the trace still moves towards its newest point and wants another frame. */
  paint(nowMs: number, atMs: number, still: boolean): boolean {
    const context = this.#context
    const { width, height, ratio } = this.#fit()
    if (!context || !this.#picture || width === 0) return false
    const progress = still || !this.#before ? 1 : Math.min(1, (atMs - this.#changedAt) / settleMs)
    const eased = 1 - (1 - progress) ** 3
    const points = this.#settling(visible(this.#picture), eased)
    const scale = between(this.#before?.scale, scaleFor(visible(this.#picture), gridSteps), eased)
    const palette = paletteOf(this.#canvas)
    const area = this.#labels
      ? { left: 0, right: width - 26, top: 22, bottom: height - 24 }
      : { left: 0, right: width - 14, top: 4, bottom: height - 8 }
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    const frame: Frame = { context, area, scale, palette, nowMs, reachMs: this.#picture.reachMs, small: !this.#labels }
    context.globalAlpha = this.#picture.dim ? 0.4 : 1
    paintSeries(frame, points, this.#picture.staleMs)
    context.globalAlpha = 1
    if (this.#labels) paintScale(frame, this.#labels, width, points.length === 0)
    const last = points[points.length - 1]
    if (last && !this.#picture.dim) paintHead(frame, last, still ? 1 : progress)
    return progress < 1
  }

  /** The newest point on its way from the one before. */
  #settling(points: readonly Point[], eased: number): readonly Point[] {
    const [previous, last] = points.slice(-2)
    if (eased >= 1 || !previous || !last || !this.#before) return points
    const atMs = previous[0] + (last[0] - previous[0]) * eased
    return [...points.slice(0, -1), [atMs, previous[1] + (last[1] - previous[1]) * eased]]
  }

  /** Gives the canvas as many pixels as the screen has for it. */
  #fit(): { width: number; height: number; ratio: number } {
    const ratio = Math.min(3, window.devicePixelRatio || 1)
    const { clientWidth: width, clientHeight: height } = this.#canvas
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (this.#canvas.width !== columns) this.#canvas.width = columns
    if (this.#canvas.height !== rows) this.#canvas.height = rows
    return { width, height, ratio }
  }
}

function visible({ points, nowMs, reachMs, staleMs }: Picture): readonly Point[] {
  return points.filter(([atMs]) => atMs >= nowMs - reachMs - staleMs)
}

function between(before: Scale | undefined, after: Scale, eased: number): Scale {
  if (!before || eased >= 1) return after
  const mix = (from: number, to: number) => from + (to - from) * eased
  return { least: mix(before.least, after.least), most: mix(before.most, after.most), stepWatts: after.stepWatts }
}
