/** What a message costs does not grow with what others subscribe to: the steps that the topic tree takes are counted, not timed. */
import { Session } from 'node:inspector/promises'
import t from 'tap'
import { type Group, type Subscribed, Tree } from '../../src/mqtt/tree.ts'
import { message } from '../fixtures/mqtt/packets.ts'

const inspector = new Session()
inspector.connect()
await inspector.post('Profiler.enable')
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
t.teardown(() => inspector.disconnect())

/** How often any part of the tree's code was passed since it was asked last. */
async function steps(): Promise<number> {
  const { result } = await inspector.post('Profiler.takePreciseCoverage')
  const [script] = result.filter(({ url }) => url.endsWith('/src/mqtt/tree.ts'))
  return (script?.functions ?? []).flatMap(({ ranges }) => ranges).reduce((sum, { count }) => sum + count, 0)
}

const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const

/** The steps of matching one topic among so many filters of others, and who was found. */
async function matchAmong(unrelated: number): Promise<{ readonly taken: number; readonly found: readonly string[] }> {
  const tree = new Tree<string>()
  for (const filter of ['house/1/power', 'house/+/power', 'house/#']) tree.subscribe(filter, filter, options)
  for (let n = 0; n < unrelated; n++) {
    tree.subscribe(`other${n}/power`, `exact ${n}`, options)
    tree.subscribe(`house/near${n}/power`, `near ${n}`, options)
    tree.subscribe(`street/+/${n}/#`, `wild ${n}`, options)
    tree.subscribe(`$share/g/group/${n}`, `shared ${n}`, options)
  }
  const found: string[] = []
  const visitor = {
    subscriber: ({ subscriber }: Subscribed<string>) => void found.push(subscriber),
    group: ({ members }: Group<string>) => void found.push(...members.map(({ subscriber }) => subscriber))
  }
  await steps()
  tree.match(message('house/1/power=x').topic, visitor)
  return { taken: await steps(), found: found.sort() }
}

t.test('a topic is matched in as many steps among 40,000 filters of others as among 4', async t => {
  const [few, many] = [await matchAmong(1), await matchAmong(10_000)]
  t.strictSame(many.found, ['house/#', 'house/+/power', 'house/1/power'])
  t.ok(few.taken > 0, `${few.taken} steps`)
  t.equal(many.taken, few.taken)
})
