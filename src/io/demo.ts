/** The simulated meter as a source: it speaks when its time has come, in bytes that go the way that a real meter's go. */
import { SimulatedMeter } from '../meters/simulated.ts'
import type { Clock } from './clock.ts'
import type { Source } from './source.ts'

/** A source without a meter. The same seed gives the same house. */
export function makeDemoSource(seed: number, clock: Clock): Source {
  return {
    name: 'demo',
    simulated: true,
    baud: undefined,
    open(events) {
      const startMs = clock.wallMs()
      const meter = new SimulatedMeter(seed, startMs, -new Date(startMs).getTimezoneOffset() * 60_000)
      let timer: NodeJS.Timeout
      const speakNext = (): void => {
        const message = meter.next(clock.wallMs())
        timer = setTimeout(() => {
          events.received(Buffer.from(message.text, 'latin1'))
          speakNext()
        }, message.atMs - clock.wallMs())
      }
      timer = setTimeout(() => {
        events.opened()
        speakNext()
      }, 0)
      return () => clearTimeout(timer)
    }
  }
}
