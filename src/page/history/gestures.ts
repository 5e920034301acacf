/** What fingers, a mouse and a trackpad do on the chart, told as what is meant by it. */
import { courseOf } from './swipe.ts'

/** Places are shares of the chart's width, from 0 to 1. */
export interface Meant {
  /** The chart follows a finger by so many px. */
  readonly onDrag: (px: number) => void
  /** It was let go there; the speed is in px a ms. */
  readonly onRelease: (px: number, pxPerMs: number) => void
  /** Two fingers are `factor` times as far apart as at first, about a place. */
  readonly onPinch: (factor: number, at: number) => void
  readonly onPinchEnd: (factor: number, at: number) => void
  /** The value at a place is wanted, or none any more. */
  readonly onRead: (at: number | undefined) => void
  /** Of a mouse, which needs no click to read. */
  readonly onClick: (at: number) => void
  readonly onDoubleTap: (at: number) => void
}

interface Touch {
  readonly x: number
  readonly y: number
}

type Doing =
  | { readonly kind: 'nothing' }
  /** A finger lies there; nobody knows yet what it wants. */
  | { readonly kind: 'touching'; readonly start: Touch; readonly hold: number }
  | { readonly kind: 'dragging'; readonly start: Touch }
  | { readonly kind: 'reading' }
  | { readonly kind: 'pinching'; readonly gapPx: number; readonly at: number; readonly factor: number }

const holdMs = 260
const doubleTapMs = 350
const doubleTapPx = 32
/** Fingers that are closer would make any movement a large one. */
const gapLeastPx = 24
/** How far back the speed of a finger is looked for. */
const speedMs = 90
const trailMax = 16
/** What a trackpad's step of a pinch amounts to. */
const wheelFactor = 0.01

/** Listens until `signal` says no more. */
export function listen(element: HTMLElement, meant: Meant, signal: AbortSignal): void {
  const hand = new Hand(element, meant)
  element.addEventListener('pointerdown', event => hand.down(event), { signal })
  element.addEventListener('pointermove', event => hand.move(event), { signal })
  element.addEventListener('pointerup', event => hand.up(event), { signal })
  element.addEventListener('pointercancel', event => hand.cancel(event), { signal })
  element.addEventListener('pointerleave', ({ pointerType }) => pointerType === 'mouse' && meant.onRead(undefined), { signal })
  // A finger that reads values must not scroll the page, and one that is held must not open a menu.
  element.addEventListener('touchmove', event => hand.isReading && event.preventDefault(), { signal, passive: false })
  element.addEventListener('contextmenu', event => hand.isBusy && event.preventDefault(), { signal })
  element.addEventListener('wheel', event => hand.wheel(event), { signal, passive: false })
  signal.addEventListener('abort', () => hand.rest())
}

class Hand {
  readonly #element: HTMLElement
  readonly #meant: Meant
  readonly #touches = new Map<number, Touch>()
  #trail: readonly { readonly x: number; readonly atMs: number }[] = []
  #doing: Doing = { kind: 'nothing' }
  #tapped = { atMs: Number.NEGATIVE_INFINITY, x: 0 }

  constructor(element: HTMLElement, meant: Meant) {
    this.#element = element
    this.#meant = meant
  }

  get isReading(): boolean {
    return this.#doing.kind === 'reading'
  }

  get isBusy(): boolean {
    return this.#doing.kind !== 'nothing'
  }

  down({ pointerId, pointerType, button, clientX, clientY }: PointerEvent): void {
    if (pointerType === 'mouse' && button !== 0) return
    const start = { x: clientX, y: clientY }
    this.#touches.set(pointerId, start)
    if (this.#touches.size === 2) {
      if (this.#doing.kind === 'dragging') this.#meant.onRelease(0, 0)
      this.rest()
      this.#meant.onRead(undefined)
      this.#doing = { kind: 'pinching', ...this.#gap(), factor: 1 }
    } else if (this.#touches.size === 1) {
      this.#trail = []
      const hold = window.setTimeout(() => {
        this.#doing = { kind: 'reading' }
        this.#meant.onRead(this.#shareOf(clientX))
      }, holdMs)
      this.#doing = { kind: 'touching', start, hold }
    }
  }

  move({ pointerId, pointerType, clientX, clientY, timeStamp }: PointerEvent): void {
    const doing = this.#doing
    if (!this.#touches.has(pointerId)) {
      if (pointerType === 'mouse' && doing.kind === 'nothing') this.#meant.onRead(this.#shareOf(clientX))
      return
    }
    this.#touches.set(pointerId, { x: clientX, y: clientY })
    this.#trail = [...this.#trail.slice(1 - trailMax), { x: clientX, atMs: timeStamp }]
    if (doing.kind === 'touching') this.#decide(doing.start, pointerId, clientX, clientY)
    if (doing.kind === 'dragging') this.#meant.onDrag(clientX - doing.start.x)
    if (doing.kind === 'reading') this.#meant.onRead(this.#shareOf(clientX))
    if (doing.kind === 'pinching' && this.#touches.size === 2) {
      const factor = this.#gap().gapPx / doing.gapPx
      this.#doing = { ...doing, factor }
      this.#meant.onPinch(factor, doing.at)
    }
  }

  up(event: PointerEvent): void {
    if (!this.#touches.delete(event.pointerId)) return
    const doing = this.#doing
    this.rest()
    if (doing.kind === 'dragging') this.#meant.onRelease(event.clientX - doing.start.x, this.#speed())
    if (doing.kind === 'pinching') this.#meant.onPinchEnd(doing.factor, doing.at)
    if (doing.kind === 'touching') this.#tap(event)
  }

  cancel({ pointerId }: PointerEvent): void {
    if (!this.#touches.delete(pointerId)) return
    const doing = this.#doing
    this.rest()
    if (doing.kind === 'dragging') this.#meant.onRelease(0, 0)
    if (doing.kind === 'pinching') this.#meant.onPinchEnd(1, doing.at)
  }

  /** A trackpad's pinch comes as a wheel with the control key. */
  wheel(event: WheelEvent): void {
    if (!event.ctrlKey) return
    event.preventDefault()
    const [factor, at] = [Math.exp(-event.deltaY * wheelFactor), this.#shareOf(event.clientX)]
    this.#meant.onPinch(factor, at)
    this.#meant.onPinchEnd(factor, at)
  }

  rest(): void {
    if (this.#doing.kind === 'touching') clearTimeout(this.#doing.hold)
    this.#doing = { kind: 'nothing' }
  }

  #decide(start: Touch, pointerId: number, x: number, y: number): void {
    const course = courseOf(x - start.x, y - start.y)
    if (course === 'undecided') return
    this.rest()
    if (course === 'across') return
    this.#element.setPointerCapture(pointerId)
    this.#doing = { kind: 'dragging', start }
    this.#meant.onRead(undefined)
    this.#meant.onDrag(x - start.x)
  }

  #tap({ clientX: x, timeStamp: atMs, pointerType }: PointerEvent): void {
    const isDouble = atMs - this.#tapped.atMs < doubleTapMs && Math.abs(x - this.#tapped.x) < doubleTapPx
    this.#tapped = { atMs: isDouble ? Number.NEGATIVE_INFINITY : atMs, x }
    if (isDouble) {
      this.#meant.onRead(undefined)
      this.#meant.onDoubleTap(this.#shareOf(x))
    } else if (pointerType === 'mouse') this.#meant.onClick(this.#shareOf(x))
    else this.#meant.onRead(this.#shareOf(x))
  }

  #shareOf(x: number): number {
    const { left, width } = this.#element.getBoundingClientRect()
    return Math.min(Math.max((x - left) / width, 0), 1)
  }

  #gap(): { readonly gapPx: number; readonly at: number } {
    const [one, other] = [...this.#touches.values()] as [Touch, Touch]
    const gapPx = Math.max(gapLeastPx, Math.hypot(one.x - other.x, one.y - other.y))
    return { gapPx, at: this.#shareOf((one.x + other.x) / 2) }
  }

  #speed(): number {
    const last = this.#trail.at(-1)
    const first = last && this.#trail.find(({ atMs }) => last.atMs - atMs <= speedMs)
    return first && last.atMs > first.atMs ? (last.x - first.x) / (last.atMs - first.atMs) : 0
  }
}
