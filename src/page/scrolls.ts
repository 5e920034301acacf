/** How far each view was scrolled, and the way back to there. */

/** What a view asks for takes no longer than that, or comes too late to move the screen under its reader's eyes. */
const waitMs = 3_000
/** By these a reader goes on by himself. */
const moves = ['pointerdown', 'wheel', 'keydown'] as const

export class Scrolls {
  readonly #host: HTMLElement
  readonly #tops = new Map<string, number>()
  #stop: (() => void) | undefined
  /** Where the last way back has come to. */
  #reached = 0

  /** @param host what grows as a view is filled */
  constructor(host: HTMLElement) {
    this.#host = host
  }

  /** Remembers where the view is left; one that was not moved on its way back is left where it was going. */
  leave(name: string): void {
    if (scrollY !== this.#reached) this.#tops.set(name, scrollY)
    this.#stop?.()
  }

  /** Goes to where the view was left: at once when it is as long already, else as it grows. */
  goBack(name: string): void {
    this.#stop?.()
    const top = this.#tops.get(name) ?? 0
    const isThere = () => {
      scrollTo({ top })
      this.#reached = scrollY
      return scrollY > top - 1
    }
    if (isThere()) return
    const growth = new ResizeObserver(() => {
      if (isThere()) stop()
    })
    const stop = () => {
      growth.disconnect()
      clearTimeout(patience)
      for (const move of moves) removeEventListener(move, stop)
      this.#stop = undefined
    }
    const patience = setTimeout(stop, waitMs)
    for (const move of moves) addEventListener(move, stop, { passive: true })
    growth.observe(this.#host)
    this.#stop = stop
  }
}
