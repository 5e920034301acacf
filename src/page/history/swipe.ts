/** The arithmetic of a finger that leafs: which way it goes, how far the chart follows, and whether it goes on to the next period. Pure. */

/** What a finger is about. */
export type Course = 'undecided' | 'along' | 'across'

/** Less is a finger that only lies there. */
const slackPx = 8
/** The chart follows by this much where there is nothing to leaf to. */
const reluctance = 0.25
/** So much of the width is far enough. */
const farShare = 0.28
/** So fast is enough over a short way. */
const fastPxPerMs = 0.45
const shortPx = 24

/** `along` is sideways, and the chart's; `across` is up and down, and the page's. */
export function courseOf(x: number, y: number): Course {
  if (Math.hypot(x, y) < slackPx) return 'undecided'
  return Math.abs(x) > Math.abs(y) * 1.2 ? 'along' : 'across'
}

/** How far the chart goes with a finger; `canGo` says whether there is something on that side. */
export function follow(x: number, canGo: boolean): number {
  return canGo ? x : x * reluctance
}

/** Where a finger that has been lifted wants to go: 1 is the next period, -1 the one before, 0 stays. */
export function swiped(x: number, pxPerMs: number, widthPx: number): -1 | 0 | 1 {
  const far = Math.abs(x) > widthPx * farShare
  const fast = Math.abs(x) > shortPx && Math.abs(pxPerMs) > fastPxPerMs && Math.sign(pxPerMs) === Math.sign(x)
  if (!far && !fast) return 0
  return x < 0 ? 1 : -1
}
