/** `wattslug status`: asks the daemon that runs how it is, and says so on one screen. */
import type { CostAnswer, DeviceAnswer, HealthAnswer, NowAnswer } from './api.ts'
import { withPasswordIn } from './backup.ts'
import type { Config } from './config.ts'
import { addressOf, askFor, findDaemon, noDaemon } from './io/ask.ts'
import { overview } from './operating/overview.ts'

/** Answers 0 when all is well, 1 when something needs a person, 3 when no daemon runs. */
export async function tellStatus(config: Config, passwordFile: string | undefined): Promise<number> {
  const found = await findDaemon(config)
  const daemon = found && passwordFile !== undefined ? await withPasswordIn(passwordFile, found) : found
  const health = daemon && (await askFor<HealthAnswer>(daemon, '/health'))
  if (!health) {
    process.stdout.write(`${noDaemon.replace('no', 'No')}.\n`)
    return 3
  }
  const lines = overview({
    ...{ address: addressOf(daemon), health },
    now: await askFor<NowAnswer>(daemon, '/api/now'),
    device: await askFor<DeviceAnswer>(daemon, '/api/device'),
    cost: await askFor<CostAnswer>(daemon, '/api/cost')
  })
  process.stdout.write(`${lines.join('\n')}\n`)
  return health.status === 'good' ? 0 : 1
}
