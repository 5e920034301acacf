/** The simulated meter as a source: it speaks when its time has come, in bytes that go the way that a real meter's go. */
import { limits } from '../limits.ts'
import { houses } from '../simulator/houses.ts'
import { SimulatedMeter } from '../simulator/meter.ts'
import type { Clock } from './clock.ts'
import type { Source } from './source.ts'

/** A source that tells its seed: who has it can see the same house again. */
export interface DemoSource extends Source {
  readonly seed: number
}

/** A source without a meter. The same seed gives the same house. */
export function makeDemoSource(seed: number, clock: Clock): DemoSource {
  return {
    name: 'demo',
    seed,
    simulated: true,
    baud: undefined,
    open(events) {
      let meter = settle(seed, clock.wallMs())
      let timer: NodeJS.Timeout
      const speakNext = (): void => {
        let event = meter.next()
        const lateMs = clock.wallMs() - event.atMs
        if (Math.abs(lateMs) > limits.demoLateMs) {
          meter = settle(seed, clock.wallMs()) // the host slept, or its clock jumped: life begins anew
          event = meter.next()
        }
        timer = setTimeout(
          () => {
            if (event.kind === 'bytes') events.received(Buffer.from(event.bytes))
            speakNext()
          },
          Math.max(0, event.atMs - clock.wallMs())
        )
      }
      timer = setTimeout(() => {
        events.opened()
        speakNext()
      }, 0)
      return () => clearTimeout(timer)
    }
  }
}

/** A house where this machine stands, so that its day and the meter's clock are those of the user. */
function settle(seed: number, startMs: number): SimulatedMeter {
  const zoneMs = -new Date(startMs).getTimezoneOffset() * 60_000
  return new SimulatedMeter({ ...houses.demo, zoneMs, keepsTruth: false }, seed, startMs)
}
