/** `wattslug record FILE`: writes down what the meter says, byte for byte with its times, until it is stopped. */
import { statSync } from 'node:fs'
import type { Config } from './config.ts'
import type { Clock } from './io/clock.ts'
import type { Log } from './io/log.ts'
import { findSource } from './io/meters.ts'
import { Recorder } from './io/recording.ts'
import type { Source } from './io/source.ts'
import { limits } from './limits.ts'
import type { Port } from './meters/watch.ts'

/** Records the first meter that the settings name, or that is found. 0 when something was recorded, and all of it. */
export async function record(
  config: Config,
  file: string,
  sources: readonly Source[],
  clock: Clock,
  log: Log,
  stopped: Promise<unknown>
): Promise<number> {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    log.error(`${file} is there already, and nothing is overwritten.`)
    return 1
  }
  const { source, tick, stop } = sources[0] ? { source: sources[0], tick: nothing, stop: nothing } : findSource(clock)
  const usual: Port = { name: source.name, baud: config.sources[0]?.kind === 'serial' ? config.baud : undefined }
  let recorder: Recorder | undefined
  let reopening: NodeJS.Timeout | undefined
  let close = nothing
  let hasFailed = false
  const over = new Promise<void>(resolve => {
    const begin = (port: Port): void => {
      log.info(`recording ${port.name} to ${file}; end it with Ctrl-C`)
      const failed = (message: string): void => {
        hasFailed = true
        resolve(log.error(message))
      }
      recorder ??= new Recorder(file, { startMs: clock.wallMs(), source: port.name, baud: port.baud }, { failed })
    }
    const open = (): void => {
      close = source.open({
        opened: (port = usual) => begin(port),
        searching: why => log.warnSeldom(why.message, why.message),
        received: chunk => recorder?.write(chunk, clock.wallMs()),
        closed: why => {
          log.warnSeldom(why.message, why.message)
          if (why.final) resolve()
          else reopening = setTimeout(open, limits.reopenMs)
        }
      })
    }
    open()
  })
  const timer = setInterval(tick, limits.tickMs)
  await Promise.race([over, stopped])
  clearInterval(timer)
  clearTimeout(reopening)
  close()
  stop()
  await recorder?.close()
  if (hasFailed) return 1
  const bytes = recorder?.bytes ?? 0
  log.info(`${bytes} bytes recorded`)
  return bytes > 0 ? 0 : 1
}

function nothing(): void {
  // There is nothing to do for a source that does not search.
}
