/** The chart: uPlot keeps its canvas, scales and series; their shapes are our own. */
import uPlot from 'uplot'
import { type Canvas, gutterPx, hatch, type Palette, paintGround, paintLabels, paletteOf } from './ground.ts'
import { backfilledWatts, columns, marks, measuredWatts, type Place, range, trail } from './paths.ts'
import type { Picture } from './picture.ts'
import { isBackfilled } from './spans.ts'

/** What of a picture is shown. */
export interface Shown {
  readonly before: boolean
  readonly warmth: boolean
}

type Colour = 'drawn' | 'fedIn' | 'warm' | 'muted' | 'ink' | 'hatched' | 'hatchedBelow'
type Shape = (picture: Picture, place: Place) => Path2D | null

/** For the labels below the plot and above it. */
const axisPx = 24
const topPx = 22

export class Chart {
  readonly #host: HTMLElement
  readonly #plot: uPlot
  readonly #nowText: string
  #picture: Picture | undefined
  #shown: Shown = { before: false, warmth: false }
  #palette: Palette

  constructor(host: HTMLElement, nowText: string) {
    this.#host = host
    this.#nowText = nowText
    this.#palette = paletteOf(host)
    this.#plot = new uPlot(this.#options(), [[], []], host)
    this.#plot.ctx.canvas.setAttribute('role', 'img')
  }

  /** Of the whole, in CSS pixels. */
  get widthPx(): number {
    return this.#host.clientWidth
  }

  /** Draws a picture; `label` says it to who cannot see it. */
  show(picture: Picture, shown: Shown, label: string): void {
    this.#picture = picture
    this.#shown = shown
    this.#plot.ctx.canvas.setAttribute('aria-label', label)
    this.#plot.setData(dataOf(picture))
    this.#plot.redraw(true, true)
  }

  /** Fits it to its host; true if it had another size. */
  resize(): boolean {
    const { clientWidth: width, clientHeight: height } = this.#host
    const changed = width !== this.#plot.width || height !== this.#plot.height
    if (changed) this.#plot.setSize({ width, height })
    return changed
  }

  /** Takes up the colours anew. */
  recolour(): void {
    this.#palette = paletteOf(this.#host)
    this.#plot.redraw()
  }

  /** Where one of the spans is, in CSS pixels from the host's edge. */
  placeOf(index: number): { readonly left: number; readonly width: number } | undefined {
    const span = this.#picture?.spans[index]
    if (!span) return undefined
    const [left, right] = [this.#plot.valToPos(span.fromMs, 'x'), this.#plot.valToPos(span.toMs, 'x')]
    return { left: left + this.#insetPx, width: right - left }
  }

  /** The instant at a share of the host's width, from 0 to 1. */
  instantAt(share: number): number {
    return this.#plot.posToVal(share * this.widthPx - this.#insetPx, 'x')
  }

  /** The span at a share of the host's width. */
  indexAt(share: number): number | undefined {
    const atMs = this.instantAt(share)
    const index = this.#picture?.spans.findIndex(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs) ?? -1
    return index < 0 ? undefined : index
  }

  close(): void {
    this.#plot.destroy()
  }

  get #insetPx(): number {
    return this.#picture?.kind === 'columns' ? gutterPx : 0
  }

  #options(): uPlot.Options {
    const { clientWidth: width, clientHeight: height } = this.#host
    const quiet = { show: false }
    const limits = (edges: (picture: Picture) => uPlot.Range.MinMax) => (): uPlot.Range.MinMax =>
      this.#picture ? edges(this.#picture) : [0, 1]
    return {
      ...{ width, height, ms: 1, legend: quiet, cursor: quiet, axes: [quiet, quiet] },
      padding: [topPx, 0, axisPx, () => this.#insetPx],
      scales: {
        x: { time: false, range: limits(({ window }) => [window.fromMs, window.toMs]) },
        y: { range: limits(({ scale }) => [scale.least, scale.most]) },
        degrees: { range: limits(({ warmth }) => [...(warmth ?? [0, 1])]) }
      },
      series: this.#series(),
      hooks: {
        drawClear: [() => this.#picture && paintGround(this.#canvas(), this.#picture)],
        draw: [() => this.#picture && paintLabels(this.#canvas(), this.#picture, this.#nowText)]
      }
    }
  }

  /** In the order in which they are drawn. */
  #series(): uPlot.Series[] {
    const power = (shape: Shape) => this.#paths('power', shape)
    const column = (part: 'imported' | 'exported', of: 'measured' | 'backfilled') =>
      this.#paths('columns', ({ spans }, place) => columns(place, spans, part)[of])
    const fill = (colour: Colour, paths: () => Path2D | null, alpha = 1): uPlot.Series => ({
      ...{ scale: 'y', width: 0, alpha, points: { show: false } },
      ...{ fill: () => this.#style(colour), paths: () => ({ fill: paths() }) }
    })
    const line = (colour: Colour, width: number, paths: () => Path2D | null, scale = 'y', dash: number[] = []): uPlot.Series => ({
      ...{ scale, width, dash, points: { show: false } },
      ...{ stroke: () => this.#style(colour), paths: () => ({ stroke: paths() }) }
    })
    return [
      {},
      fill(
        'drawn',
        power(({ spans }, place) => trail(place, spans, measuredWatts).area),
        0.1
      ),
      fill(
        'drawn',
        power(({ spans }, place) => range(place, spans)),
        0.26
      ),
      fill(
        'hatched',
        power(({ spans }, place) => trail(place, spans, backfilledWatts('imported')).area)
      ),
      fill(
        'hatchedBelow',
        power(({ spans }, place) => trail(place, spans, backfilledWatts('exported')).area)
      ),
      fill('drawn', column('imported', 'measured')),
      fill('fedIn', column('exported', 'measured')),
      fill('hatched', column('imported', 'backfilled')),
      fill('hatchedBelow', column('exported', 'backfilled')),
      line(
        'ink',
        2,
        this.#paths('columns', (picture, place) => (this.#shown.before ? marks(place, picture) : null))
      ),
      line(
        'muted',
        1.5,
        power((picture, place) => this.#earlier(picture, place)),
        'y',
        [4, 3]
      ),
      line(
        'drawn',
        2,
        power(({ spans }, place) => trail(place, spans, ({ meanWatts }) => meanWatts).line)
      ),
      line('warm', 1.5, () => this.#warmth(), 'degrees')
    ]
  }

  #paths(kind: Picture['kind'], shape: Shape): () => Path2D | null {
    return () => (this.#picture?.kind === kind ? shape(this.#picture, this.#place()) : null)
  }

  #earlier(picture: Picture, place: Place): Path2D | null {
    return this.#shown.before ? trail(place, picture.spans, (_, index) => picture.before[index] ?? null).line : null
  }

  #warmth(): Path2D | null {
    const picture = this.#picture
    return picture?.warmth && this.#shown.warmth ? trail(this.#place('degrees'), picture.spans, ({ celsius }) => celsius).line : null
  }

  /** Power is of one colour above zero, and of another below. */
  #style(colour: Colour): string | CanvasGradient | CanvasPattern {
    const palette = this.#palette
    const { ctx } = this.#plot
    if (colour === 'hatched') return hatch(ctx, palette.drawn, palette.ground)
    if (colour === 'hatchedBelow') return hatch(ctx, palette.fedIn, palette.ground)
    if (colour !== 'drawn' || this.#picture?.kind !== 'power' || this.#picture.scale.least >= 0) return palette[colour]
    const zero = this.#place().y(0)
    const gradient = ctx.createLinearGradient(0, zero - 1, 0, zero + 1)
    gradient.addColorStop(0, palette.drawn)
    gradient.addColorStop(1, palette.fedIn)
    return gradient
  }

  #canvas(): Canvas {
    const { ctx, bbox } = this.#plot
    return { ctx, bbox, place: this.#place(), palette: this.#palette }
  }

  #place(scale = 'y'): Place {
    const plot = this.#plot
    return { x: atMs => plot.valToPos(atMs, 'x', true), y: value => plot.valToPos(value, scale, true), ratio: devicePixelRatio }
  }
}

/** The middle of each span, and for each series a value or none: what uPlot wants to know of them, who draws none itself. */
function dataOf({ kind, spans, before }: Picture): uPlot.AlignedData {
  const isPower = kind === 'power'
  const middles = spans.map(({ fromMs, toMs }) => (fromMs + toMs) / 2)
  const watts = spans.map(({ meanWatts }) => (isPower ? meanWatts : null))
  const backfilled = spans.map(span => (isPower && isBackfilled(span) ? span.meanWatts : null))
  const energy = spans.map(({ energyWh }) => (isPower ? null : energyWh))
  const warmth = spans.map(({ celsius }) => celsius)
  return [middles, watts, watts, backfilled, backfilled, energy, energy, energy, energy, [...before], [...before], watts, warmth]
}
