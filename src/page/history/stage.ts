/** The chart under the fingers: it follows them, leafs, looks closer, and tells the value that one points at. */
import { setText } from '../elements.ts'
import { Chart, type Shown } from './chart.ts'
import { readingOf, type Writing } from './figures.ts'
import { listen } from './gestures.ts'
import type { Layout } from './layout.ts'
import type { Period, Range } from './periods.ts'
import type { Picture } from './picture.ts'
import { follow, swiped } from './swipe.ts'
import { isWhole, pan, pinched, zoom } from './zoom.ts'

/** What is on it. */
export interface Scene {
  readonly picture: Picture
  readonly period: Period
  readonly writing: Writing
  readonly canGo: { readonly previous: boolean; readonly next: boolean }
  /** What of the chart is shown, and what it says to who cannot see it. */
  readonly shown: Shown
  readonly label: string
}

/** What the user wants of it. */
export interface Wishes {
  readonly onGo: (way: -1 | 1) => void
  readonly onWindow: (window: Range) => void
  readonly onUnit: (longer: boolean, atMs: number) => void
  /** To see the part of the period that begins then. */
  readonly onOpen: (atMs: number) => void
  /** It has another size. */
  readonly onResize: () => void
}

const slideMs = 170
/** Looking closer by key or button, or by two taps. */
const stepFactor = 2
const tapFactor = 4
const squeezeMost = 1.25

export class Stage {
  readonly chart: Chart
  readonly #layout: Layout
  readonly #wishes: Wishes
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)')
  #scene: Scene | undefined
  /** The window as it was when the fingers came. */
  #held: Range | undefined
  #reading: number | undefined

  constructor(layout: Layout, nowText: string, wishes: Wishes, signal: AbortSignal) {
    this.#layout = layout
    this.#wishes = wishes
    this.chart = new Chart(layout.slide, nowText)
    listen(
      layout.slide,
      {
        onDrag: px => this.#drag(px),
        onRelease: (px, pxPerMs) => this.#release(px, pxPerMs),
        onPinch: (factor, at) => this.#pinch(factor, at),
        onPinchEnd: (factor, at) => this.#pinchEnd(factor, at),
        onRead: at => this.read(at === undefined ? undefined : this.chart.indexAt(at)),
        onClick: at => this.#click(at),
        onDoubleTap: at => this.#doubleTap(at)
      },
      signal
    )
    layout.tip.root.addEventListener('click', () => this.open())
    const sizes = new ResizeObserver(() => this.chart.resize() && this.#wishes.onResize())
    sizes.observe(layout.plot)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', () => this.chart.recolour(), { signal })
    signal.addEventListener('abort', () => {
      sizes.disconnect()
      this.chart.close()
    })
  }

  show(scene: Scene): void {
    const same = this.#scene?.period.fromMs === scene.period.fromMs && this.#scene.picture.spans.length === scene.picture.spans.length
    this.#scene = scene
    this.#layout.plot.setAttribute('data-kind', scene.picture.kind)
    this.chart.show(scene.picture, scene.shown, scene.label)
    const isEmpty = this.#layout.plot.hasAttribute('data-empty') // what it says there would be under the tip
    this.read(same && !isEmpty ? this.#reading : undefined)
  }

  /** Tells a span's value, or none; answers what is told. */
  read(index: number | undefined): string {
    const { cursor, tip } = this.#layout
    const span = index === undefined ? undefined : this.#scene?.picture.spans[index]
    const place = index === undefined ? undefined : this.chart.placeOf(index)
    this.#reading = span && place ? index : undefined
    cursor.hidden = tip.root.hidden = this.#reading === undefined
    if (!span || !place || !this.#scene) return ''
    const { value, time, more } = readingOf(span, this.#scene.picture, this.#scene.writing)
    setText(tip.value, value)
    setText(tip.time, time)
    setText(tip.more, more)
    const middle = place.left + place.width / 2
    cursor.style.width = `${Math.max(1.5, place.width)}px`
    cursor.style.transform = `translateX(${place.left}px)`
    const room = this.chart.widthPx - tip.root.offsetWidth
    tip.root.style.transform = `translateX(${Math.min(Math.max(middle - tip.root.offsetWidth / 2, 0), Math.max(room, 0))}px)`
    return [time, value, more].filter(part => part !== '').join(', ')
  }

  /** Tells the next value, or the one before. */
  readOn(way: -1 | 1): string {
    const { picture } = this.#scene ?? {}
    if (!picture) return ''
    const { spans, nowMs } = picture
    const last = nowMs === undefined ? spans.length - 1 : spans.findLastIndex(({ fromMs }) => fromMs <= nowMs)
    const from = this.#reading ?? (way > 0 ? -1 : last + 1)
    return this.read(Math.min(Math.max(from + way, 0), last))
  }

  /** Sees the column that is pointed at as a period. */
  open(): void {
    const span = this.#reading === undefined ? undefined : this.#scene?.picture.spans[this.#reading]
    if (span && this.#scene?.picture.unit !== undefined) this.#wishes.onOpen(span.fromMs)
  }

  /** Looks closer or from further away than `window`, which may not be painted yet, about what is pointed at. */
  step(closer: boolean, window: Range): void {
    const picture = this.#scene?.picture
    if (!picture) return
    const place = this.#reading === undefined ? undefined : this.chart.placeOf(this.#reading)
    const share = place ? (place.left + place.width / 2) / this.chart.widthPx : this.#usualShare(picture.nowMs, window)
    this.#zoomBy(closer ? stepFactor : 1 / stepFactor, share, window)
  }

  /** Leafs, with a movement if the user likes movements. `fromPx` is where a finger left the chart. */
  async slide(way: -1 | 1, go: () => void, fromPx = 0): Promise<void> {
    const { slide } = this.#layout
    slide.style.transform = ''
    if (this.#still.matches) return go()
    const width = this.chart.widthPx
    const options = { duration: slideMs, easing: 'ease-out' } as const
    await slide.animate(
      { transform: [`translateX(${fromPx}px)`, `translateX(${-way * width}px)`], opacity: [1, 0] },
      { ...options, easing: 'ease-in' }
    ).finished
    go()
    slide.animate({ transform: [`translateX(${way * width * 0.35}px)`, 'none'], opacity: [0, 1] }, options)
  }

  /** With nothing pointed at one wants to see the present closer, or else the middle. */
  #usualShare(nowMs: number | undefined, window: Range): number {
    return nowMs === undefined ? 0.5 : (nowMs - window.fromMs) / (window.toMs - window.fromMs)
  }

  #drag(px: number): void {
    const scene = this.#scene
    if (!scene) return
    const { period, picture, canGo } = scene
    this.#held ??= picture.window
    if (isWhole(this.#held, period)) {
      this.#layout.slide.style.transform = `translateX(${follow(px, px > 0 ? canGo.previous : canGo.next)}px)`
    } else this.#wishes.onWindow(pan(this.#held, -px / this.chart.widthPx, period))
  }

  #release(px: number, pxPerMs: number): void {
    const { slide } = this.#layout
    const held = this.#held
    this.#held = undefined
    const scene = this.#scene
    if (!scene || !held || !isWhole(held, scene.period)) return
    const way = swiped(px, pxPerMs, this.chart.widthPx)
    const can = way === 0 ? false : way > 0 ? scene.canGo.next : scene.canGo.previous
    if (way !== 0 && can) return void this.slide(way, () => this.#wishes.onGo(way), px)
    const from = slide.style.transform
    slide.style.transform = ''
    if (!this.#still.matches && from !== '') slide.animate({ transform: [from, 'none'] }, { duration: slideMs, easing: 'ease-out' })
  }

  #pinch(factor: number, at: number): void {
    const scene = this.#scene
    if (!scene) return
    this.#held ??= scene.picture.window
    if (scene.picture.kind === 'power' && (factor > 1 || !isWhole(this.#held, scene.period))) {
      this.#layout.slide.style.transform = ''
      this.#wishes.onWindow(zoom(this.#held, factor, at, scene.period))
      return
    }
    const squeeze = Math.min(Math.max(factor, 1 / squeezeMost), squeezeMost)
    this.#layout.slide.style.transformOrigin = `${at * 100}% 50%`
    this.#layout.slide.style.transform = `scaleX(${squeeze})`
  }

  #pinchEnd(factor: number, at: number): void {
    const held = this.#held
    this.#held = undefined
    this.#layout.slide.style.transform = this.#layout.slide.style.transformOrigin = ''
    if (held) this.#settle(factor, at, held)
  }

  #zoomBy(factor: number, share: number, window: Range): void {
    const scene = this.#scene
    if (!scene) return
    if (scene.picture.kind === 'power' && (factor > 1 || !isWhole(window, scene.period)))
      this.#wishes.onWindow(zoom(window, factor, share, scene.period))
    this.#settle(factor, share, window)
  }

  /** Beyond what a window can do, another unit is wanted. */
  #settle(factor: number, share: number, window: Range): void {
    const scene = this.#scene
    const wanted = pinched(factor)
    if (!scene || wanted === undefined) return
    if (wanted === 'shorter' && scene.period.unit === 'day') return
    if (wanted === 'longer' && !isWhole(window, scene.period)) return
    this.#wishes.onUnit(wanted === 'longer', this.chart.instantAt(share))
  }

  #click(at: number): void {
    this.read(this.chart.indexAt(at))
    this.open()
  }

  #doubleTap(at: number): void {
    const scene = this.#scene
    if (!scene) return
    const { picture, period } = scene
    if (picture.kind === 'columns') this.#click(at)
    else this.#wishes.onWindow(isWhole(picture.window, period) ? zoom(period, tapFactor, at, period) : period)
  }
}
