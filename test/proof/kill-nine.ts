/** Killed at any instant a hundred times, the built daemon keeps what it has acknowledged: messages, subscriptions, retained messages. */
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Random } from '../../src/simulator/random.ts'
import { type Daemon, startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'
import { KeptClient, type KeptClientOptions } from '../fixtures/proof/kept-client.ts'
import { Book, Tally } from '../fixtures/proof/tally.ts'

const seed = Number(process.env['WATTSLUG_KILL_SEED'] ?? Date.now() % 1_000_000)
const kills = Number(process.env['WATTSLUG_KILLS'] ?? 100)
t.setTimeout(600_000)

/** What waits for who is away must never pass a bound: what is dropped then is dropped by intent. */
const bounds = ['clients-max=20', 'sessions-max=20', 'queue-messages-max=100000', 'queue-bytes-max=16777216', 'held-bytes-max=1000000000']
const more = bounds.flatMap(bound => ['--limit', bound])

const levels = [4, 5] as const
const filters = Array.from({ length: 8 }, (_, index) => `change/${index}`)
const retainedTopics = Array.from({ length: 8 }, (_, index) => `retained/${index}`)
const unfinishedMax = 20

/** All that happens between the first start and the last. */
class Scenario {
  readonly random = new Random(seed)
  readonly tally = new Tally()
  readonly faults: string[] = []
  round = 0
  /** Acknowledgements that are still to come before the daemon is killed; never, if there is none. */
  fuse = Number.POSITIVE_INFINITY
  blow: () => void = () => undefined
  #isAlive = false
  readonly #known = new Set<KeptClient>()
  readonly publishers: KeptClient[]
  readonly subscribers: { readonly client: KeptClient; readonly book: Book; readonly mayBeAway: boolean }[]
  readonly changer = new Changer(this)
  readonly retainer = new Retainer(this)

  constructor() {
    this.publishers = levels.flatMap(level =>
      [true, false].map(isKept =>
        this.client({ clientId: `publisher-${level}-${isKept ? 'kept' : 'clean'}`, level, isKept, reusesIds: level === 4 })
      )
    )
    this.subscribers = levels.flatMap(level =>
      (['present', 'absent', 'slow'] as const).map(kind => {
        const book = new Book()
        const answerMs = kind === 'slow' ? { answerMs: () => this.random.whole(0, 30) } : {}
        const options = { clientId: `subscriber-${level}-${kind}`, level, isKept: true, ...answerMs }
        return { client: this.client({ ...options, took: heard => book.take(heard) }), book, mayBeAway: kind !== 'present' }
      })
    )
  }

  client(options: Omit<KeptClientOptions, 'fault' | 'acknowledged'>): KeptClient {
    const acknowledged = (): void => {
      if (--this.fuse === 0) this.blow()
    }
    return new KeptClient({ ...options, acknowledged, fault: what => this.fault(what) })
  }

  fault(what: string): void {
    this.faults.push(`round ${this.round}: ${what}`)
  }

  /** Connects a client whose session must be there, if it is kept and this is not the first time. */
  async bring(client: KeptClient, { mqttPort }: Daemon): Promise<void> {
    const isPresent = await client.connect(mqttPort)
    if (isPresent === undefined) return // the daemon was killed meanwhile
    const isExpected = client.options.isKept && this.#known.has(client)
    this.#known.add(client)
    if (isPresent !== isExpected) this.fault(`${client.options.clientId} was told that its session ${isPresent ? 'is' : 'is not'} there`)
  }

  async subscribeAll(): Promise<void> {
    await Promise.all(this.subscribers.map(({ client }) => client.subscribe('load/+/+', 2)))
  }

  /** Publishes a message, unless too many are not acknowledged yet. */
  publish(publisher: KeptClient): void {
    if (publisher.unfinished >= unfinishedMax || !publisher.isHere) return
    const qos = this.random.chance(0.5) ? 1 : 2
    const topic = `load/${publisher.options.clientId}/q${qos}`
    const payload = this.tally.next(topic)
    publisher.publish(topic, payload, qos, false, () => this.tally.acknowledge(topic, payload, this.round))
  }

  /** One life of the daemon, to its death. */
  async live(daemon: Daemon): Promise<void> {
    await Promise.all([this.retainer.check(daemon), this.changer.check(daemon)])
    const present = this.subscribers.filter(({ mayBeAway }) => this.round === 0 || !mayBeAway || this.random.chance(0.6))
    await Promise.all(
      [...present.map(({ client }) => client), ...this.publishers, this.retainer.client].map(one => this.bring(one, daemon))
    )
    if (this.round === 0) await this.subscribeAll()
    this.#isAlive = true
    const timer = setInterval(() => this.#act(daemon), 2)
    await this.#untilDeath(daemon, present)
    clearInterval(timer)
  }

  #act(daemon: Daemon): void {
    for (const publisher of this.publishers) this.publish(publisher)
    if (this.random.chance(0.05)) void this.#breakOff(daemon)
    if (this.random.chance(0.3)) this.retainer.act()
    if (this.random.chance(0.3)) this.changer.act()
  }

  /** Somebody's connection breaks and is there again at once: what is under way is repeated before it has come to its end. */
  async #breakOff(daemon: Daemon): Promise<void> {
    const clients = [...this.subscribers.map(({ client }) => client), ...this.publishers].filter(({ isHere }) => isHere)
    const client = clients[this.random.whole(0, clients.length - 1)]
    await client?.leave()
    if (client && this.#isAlive) await this.bring(client, daemon)
  }

  /** Half of the deaths come at some time, the others with an acknowledgement, when what it promises was written last. */
  async #untilDeath(daemon: Daemon, present: Scenario['subscribers']): Promise<void> {
    if (this.random.chance(0.5)) {
      const killMs = this.random.mostlyShort([5, 300])
      const [leaver] = present.filter(({ mayBeAway }) => mayBeAway && this.random.chance(0.3))
      await delay(killMs / 2)
      await leaver?.client.leave()
      await delay(killMs / 2)
    } else {
      this.fuse = this.random.whole(1, 100)
      await new Promise<void>(resolve => {
        this.blow = resolve
      })
      this.fuse = Number.POSITIVE_INFINITY
    }
    this.#isAlive = false
    await daemon.program.kill()
    const clients = [...this.subscribers.map(({ client }) => client), ...this.publishers, this.changer.client, this.retainer.client]
    await Promise.all(clients.map(client => client.closed()))
    for (const { client } of this.subscribers) client.forgetUnless(name => this.tally.isAcknowledged(name))
  }
}

/** Subscribes and unsubscribes, and looks after each restart whether what was acknowledged of that is so. */
class Changer {
  readonly client: KeptClient
  readonly #scenario: Scenario
  /** Filters by what is known of them: subscribed, not, or asked for and not answered. */
  readonly #states = new Map<string, boolean | undefined>(filters.map(filter => [filter, false]))
  #had = new Set<string>()

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.client = scenario.client({ clientId: 'changer', level: 5, isKept: true, took: ({ topic }) => this.#had.add(topic) })
  }

  /** What it publishes comes back before it is acknowledged, where it is subscribed. */
  async check(daemon: Daemon): Promise<void> {
    await this.#scenario.bring(this.client, daemon)
    this.#had = new Set()
    await Promise.all(filters.map(filter => new Promise<void>(resolve => this.client.publish(filter, 'x', 1, false, resolve))))
    for (const [filter, state] of this.#states) {
      const is = this.#had.has(filter)
      if (state !== undefined && state !== is) this.#scenario.fault(`${filter} is ${is ? '' : 'not '}subscribed to`)
      this.#states.set(filter, is)
    }
  }

  /** Changes a subscription that nothing is under way for. */
  act(): void {
    const filter = filters[this.#scenario.random.whole(0, filters.length - 1)] ?? ''
    const state = this.#states.get(filter)
    if (state === undefined) return
    this.#states.set(filter, undefined)
    const answered = state ? this.client.unsubscribe(filter) : this.client.subscribe(filter, 0)
    void answered.then(() => this.#states.set(filter, !state))
  }
}

/** Sets and clears retained messages, and looks after each restart whether they are what was acknowledged, or asked for later. */
class Retainer {
  readonly client: KeptClient
  readonly #scenario: Scenario
  /** By topic: the last value that was acknowledged, and those asked for since; nothing is the empty one. */
  readonly #values = new Map<string, string[]>(retainedTopics.map(topic => [topic, ['']]))
  #last = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.client = scenario.client({ clientId: 'retainer', level: 4, isKept: true })
  }

  async check({ mqttPort }: Daemon): Promise<void> {
    const found = new Map<string, string>()
    const took = ({ topic, payload }: { topic: string; payload: string }): void => void found.set(topic, payload)
    const reader = this.#scenario.client({ clientId: 'reader', level: 5, isKept: false, took })
    await reader.connect(mqttPort)
    await reader.subscribe('retained/#', 0)
    await reader.subscribe('nothing', 0) // what is retained comes before this is answered
    await reader.leave()
    for (const [topic, values] of this.#values) {
      const value = found.get(topic) ?? ''
      if (!values.includes(value)) this.#scenario.fault(`${topic} has '${value}' retained, not one of '${values.join("' '")}'`)
    }
  }

  act(): void {
    if (this.client.unfinished >= unfinishedMax) return
    const { random } = this.#scenario
    const index = random.whole(0, retainedTopics.length - 1)
    const topic = retainedTopics[index] ?? ''
    const qos = index % 2 === 0 ? 1 : 2 // one for each topic: what is repeated at QoS 1 may come behind what is not at QoS 2
    const payload = random.chance(0.4) ? '' : String(++this.#last)
    const values = this.#values.get(topic) ?? []
    values.push(payload)
    this.client.publish(topic, payload, qos, true, () => values.splice(0, values.indexOf(payload)))
  }
}

/** A daemon that is killed while it still looks what it has kept, or a little later. */
async function dieYoung(t: Test, state: string, afterMs: number): Promise<void> {
  const program = startBundle(t, ['run', '--source', 'demo', '--mqtt-port', '0', '--http-port', '0', '--state', state, ...more])
  await delay(afterMs)
  await program.kill()
}

t.test(`killed ${kills} times, seed ${seed}`, async (t: Test) => {
  t.setTimeout(600_000)
  const state = makeFolder(t)
  const scenario = new Scenario()
  const start = (): Promise<Daemon> => startDaemon(t, { source: 'demo', state, more })
  for (; scenario.round < kills; scenario.round++) {
    if (scenario.random.chance(0.1)) await dieYoung(t, state, scenario.random.whole(50, 250))
    await scenario.live(await start())
  }

  const daemon = await start()
  await Promise.all([scenario.retainer.check(daemon), scenario.changer.check(daemon)])
  const { publishers, subscribers, tally } = scenario
  await Promise.all([...publishers, ...subscribers.map(({ client }) => client)].map(client => scenario.bring(client, daemon)))
  for (const publisher of publishers) await until('all to be acknowledged', () => publisher.unfinished === 0)
  // Behind what is left comes one more of each topic.
  const last = publishers.flatMap(({ options: { clientId } }) => [1, 2].map(qos => `load/${clientId}/q${qos}`))
  const names = last.map(topic => [topic, tally.next(topic)] as const)
  for (const [index, [topic, payload]] of names.entries()) {
    const publisher = publishers[index >> 1] as KeptClient
    publisher.publish(topic, payload, (1 + (index % 2)) as 1 | 2, false, () => tally.acknowledge(topic, payload, kills))
  }
  for (const { client, book } of subscribers) {
    const hasAll = (): boolean => names.every(name => book.counts.has(name.join(' '))) && client.owed === 0
    await until(
      `${client.options.clientId} to have all; it has ${book.counts.size} of ${tally.acknowledged} and is owed ${client.owed}`,
      hasAll
    )
  }

  for (const { client, book } of subscribers) {
    const { clientId } = client.options
    t.strictSame(book.lost(tally), [], `${clientId} has had all that was acknowledged`)
    t.strictSame(book.twice(2), [], `${clientId} has had nothing twice at QoS 2`)
    t.strictSame(book.outOfOrder, [], `${clientId} has had each topic in its order`)
  }
  t.strictSame(scenario.faults, [], 'sessions, subscriptions and retained messages were there, and repeats were what they should be')
  const again = subscribers.reduce((sum, { book }) => sum + book.twice(1).length, 0)
  const repeats = subscribers.reduce((sum, { client }) => sum + client.repeats, 0)
  t.comment(`${tally.published} messages, ${tally.acknowledged} acknowledged; ${repeats} repeats with DUP, ${again} came again at QoS 1`)
  t.not(repeats, 0, 'some had to be repeated')
})
