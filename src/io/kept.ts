/** Waits until what was changed outlives a power cut. */
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import { Refusal } from './reply.ts'

/** @throws Refusal when the disk does not take it for so long that nobody should wait */
export function untilKept(
  store: Store,
  lateText = 'the change counts, but cannot be written to the disk now; it is tried again'
): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = new Refusal(503, lateText)
    const timer = setTimeout(() => reject(late), limits.keptMs)
    store.afterSync(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
