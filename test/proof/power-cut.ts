/** Acknowledged means kept, through a power cut too: no acknowledgement leaves the built daemon before the disk was forced to hold what it promises. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Random } from '../../src/simulator/random.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'
import { Auditor } from '../fixtures/proof/auditor.ts'
import { KeptClient } from '../fixtures/proof/kept-client.ts'
import { type Call, follow, noTrace, readCalls } from '../fixtures/proof/system-calls.ts'

const seed = Date.now() % 1_000_000
/** So many find room in the queue of a session. */
const messages = 120

t.test(`what is acknowledged was forced to the disk before, seed ${seed}`, { skip: noTrace }, async t => {
  const trace = join(makeFolder(t), 'trace')
  await publishAll(t, trace)
  const calls = [...readCalls(readFileSync(trace, 'latin1').split('\n'))]
  const auditor = audit(calls)
  const { puback, pubrec, pubcomp, suback } = auditor.left
  t.strictSame([puback + pubrec, pubcomp, suback], [messages, pubrec, 1], `${puback} PUBACK, ${pubrec} PUBREC and PUBCOMP were seen`)
  t.strictSame(auditor.early, [], 'none of them left too early')
  const blind = audit(calls.filter(({ name }) => !name.endsWith('sync')))
  t.ok(blind.early.length >= messages + pubcomp + suback, 'without fsync all of them would have')
})

/** A client publishes to one that is away, and to nobody, retained or not, at both QoS; the daemon's calls are written down. */
async function publishAll(t: Test, trace: string): Promise<void> {
  const random = new Random(seed)
  const daemon = await startDaemon(t, { source: 'demo' })
  const strace = await follow(t, daemon.program.pid, trace)
  const fault = (what: string): void => void t.fail(what)
  const away = new KeptClient({ clientId: 'away', level: 4, isKept: true, fault })
  await away.connect(daemon.mqttPort)
  await away.subscribe('subscribed/#', 2)
  await away.leave()
  const client = new KeptClient({ clientId: 'publisher', level: 4, isKept: true, fault })
  await client.connect(daemon.mqttPort)
  for (let number = 1; number <= messages; number++) {
    const [topic, retain] = random.chance(0.6) ? [`subscribed/${number}`, random.chance(0.3)] : [`retained/${number}`, true]
    client.publish(topic, `message-${String(number).padStart(6, '0')}`, random.chance(0.5) ? 1 : 2, retain, () => undefined)
    if (random.chance(0.3)) await aWhile(random.whole(0, 5))
    if (client.unfinished >= 20) await until('some to be acknowledged', () => client.unfinished < 10)
  }
  await until('all to be acknowledged', () => client.unfinished === 0)
  await client.leave()
  await daemon.stop()
  await strace.ended
}

function audit(calls: Iterable<Call>): Auditor {
  const auditor = new Auditor()
  for (const call of calls) auditor.take(call)
  return auditor
}
