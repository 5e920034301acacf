/** The store on disk: the abstract suite, a disk that fails, damage, locks, and processes that are killed. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Level, Opening } from '../../src/io/level.ts'
import { type Disk, type DiskStore, openStore, type StoreStatus } from '../../src/io/store.ts'
import { limits } from '../../src/limits.ts'
import { Keeper, type Kept } from '../../src/mqtt/keeper.ts'
import { message } from '../fixtures/mqtt/packets.ts'
import { buildProgram, runAndKill } from '../fixtures/store/child.ts'
import { deliveryOf, options, SetClocks, sessionOf, utf8, willOf } from '../fixtures/store/kept.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'
import { mountSmallDisk, noSmallDisk } from '../fixtures/store/small-disk.ts'
import { bytes, entriesOf, storeSuite, synced, text, written } from '../fixtures/store/store-suite.ts'

async function open(t: Test, path: string, told: (status: StoreStatus) => void = () => undefined, disk?: Disk): Promise<DiskStore> {
  const store = await openStore(path, told, disk)
  t.teardown(() => store.close())
  return store
}

t.test('in memory', t => storeSuite(t, async () => new MemoryStore(setImmediate)))

t.test('on disk', t => storeSuite(t, t => open(t, join(t.testdir(), 'store'))))

t.test('what was written is there after closing and opening', async t => {
  const path = join(t.testdir(), 'deep/store')
  const told: StoreStatus[] = []
  const store = await open(t, path, status => told.push(status))
  store.put('a', bytes('1'))
  await store.close()
  t.equal(store.state, 'closed')
  t.equal(store.put('a', bytes('2')), false)
  t.equal(store.get('a'), undefined)
  await store.close()
  const again = await open(t, path)
  t.equal(text(again.get('a')), '1')
  t.match(told, [{ state: 'open', isBad: false, message: /outlive a restart is in .*store$/ }])
})

t.test('one that another holds is refused, with what to do', async t => {
  const path = join(t.testdir(), 'store')
  await open(t, path)
  await t.rejects(open(t, path), { message: /in use by another wattslug; .* fuser .*LOCK/ })
})

t.test('damage', async t => {
  const filled = async (t: Test): Promise<string> => {
    const path = join(t.testdir(), 'store')
    const store = await openStore(path, () => undefined)
    store.put('a', bytes('1'))
    await store.close()
    return path
  }
  const names = (path: string, kind: RegExp): string[] => readdirSync(path).filter(name => kind.test(name))

  await t.test('a lost first file is mended, and nothing else is lost', async t => {
    const path = await filled(t)
    rmSync(join(path, 'CURRENT'))
    const told: StoreStatus[] = []
    const store = await open(t, path, status => told.push(status))
    t.equal(text(store.get('a')), '1')
    t.match(told, [{ state: 'open', isBad: true, message: /was damaged and is mended/ }])
  })

  await t.test('a lost manifest is mended', async t => {
    const path = await filled(t)
    for (const name of names(path, /^MANIFEST/)) rmSync(join(path, name))
    const store = await open(t, path)
    t.equal(text(store.get('a')), '1')
  })

  await t.test('a broken manifest is mended', async t => {
    const path = await filled(t)
    for (const name of names(path, /^MANIFEST/)) writeFileSync(join(path, name), 'nonsense'.repeat(99))
    const store = await open(t, path)
    t.equal(text(store.get('a')), '1')
  })

  await t.test('what cannot be mended is set aside, and a new one begun', async t => {
    const path = join(t.testdir(), 'store')
    for (const folder of ['store', 'store.damaged']) mkdirSync(join(path, '..', folder))
    writeFileSync(join(path, '..', 'store.damaged', 'older'), '')
    mkdirSync(join(path, 'CURRENT'))
    const told: StoreStatus[] = []
    const store = await open(t, path, status => told.push(status))
    t.match(told, [{ state: 'open', isBad: true, message: /beyond repair: it is now .*store\.damaged, and a new one/ }])
    store.put('a', bytes('1'))
    await written(store)
    t.equal(text(store.get('a')), '1')
    t.strictSame(readdirSync(`${path}.damaged`).includes('older'), false, 'one is kept')
  })

  await t.test('what cannot be a store is told, and life goes on in memory', async t => {
    const path = join(t.testdir({ file: '' }), 'file')
    const told: StoreStatus[] = []
    const store = await open(t, path, status => told.push(status))
    t.equal(store.state, 'failing')
    t.match(told, [{ state: 'failing', isBad: true, message: /cannot be opened: .*waits in memory.* each 10 s/ }])
    store.put('a', bytes('1'))
    t.equal(text(store.get('a')), '1')
    t.match(await entriesOf(store, ''), [{ key: 'a' }])
  })
})

/** A disk that does as it is told, and keeps what was written. */
class FakeDisk implements Disk {
  readonly data = new Map<string, Uint8Array>()
  readonly batches: { readonly keys: readonly string[]; readonly sync: boolean }[] = []
  readonly openings: boolean[] = []
  readonly levels: object[] = []
  fault: 'none' | 'full' | 'absent' | 'unreadable' = 'none'

  async canWrite(): Promise<boolean> {
    return this.fault === 'none'
  }

  async open(_path: string, damaged: boolean): Promise<Opening> {
    this.openings.push(damaged)
    if (this.fault === 'absent') return { kind: 'failed', message: 'absent' }
    const level = this.#level()
    this.levels.push(level)
    return { kind: 'open', level: level as Level, condition: damaged ? 'mended' : 'sound', message: 'fine' }
  }

  #level(): object {
    return {
      getSync: (key: string) => {
        if (this.fault === 'unreadable') throw new Error('bad block')
        return this.data.get(key)
      },
      batch: () => {
        const operations: (() => void)[] = []
        const keys: string[] = []
        const add = (key: string, operation: () => void): void => {
          keys.push(key)
          operations.push(operation)
        }
        return {
          put: (key: string, value: Uint8Array) => add(key, () => this.data.set(key, value)),
          del: (key: string) => add(key, () => this.data.delete(key)),
          write: async ({ sync }: { sync: boolean }) => {
            await new Promise(resolve => setImmediate(resolve))
            if (this.fault === 'full') throw new Error('No space left on device')
            this.batches.push({ keys, sync })
            for (const operation of operations) operation()
          }
        }
      },
      iterator: () => ({
        all: async () => {
          if (this.fault === 'unreadable') throw new Error('bad block')
          return [...this.data].sort()
        }
      }),
      close: async () => undefined
    }
  }
}

const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

t.test('a disk that fails', async t => {
  t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }))
  t.afterEach(() => mock.timers.reset())
  const later = async (): Promise<void> => {
    mock.timers.tick(limits.storeRetryMs)
    await turns()
  }
  const started = async (t: Test, fault: FakeDisk['fault'] = 'none') => {
    const disk = new FakeDisk()
    disk.fault = fault
    const told: string[] = []
    const store = await open(t, 'there', ({ state }) => told.push(state), disk)
    return { disk, told, store }
  }

  await t.test('a turn is a batch; the disk is forced each minute if there is need, and at the end', async t => {
    const { disk, store } = await started(t)
    store.put('a', bytes('1'))
    store.put('b', bytes('1'))
    await turns()
    store.delete('a')
    await turns()
    mock.timers.tick(limits.storeSyncMs)
    await turns()
    mock.timers.tick(limits.storeSyncMs)
    await turns()
    store.put('c', bytes('1'))
    await store.close()
    t.strictSame(disk.batches, [
      { keys: ['a', 'b'], sync: false },
      { keys: ['a'], sync: false },
      { keys: ['b', 'a'], sync: true },
      { keys: ['c'], sync: true }
    ])
  })

  await t.test('many wait for one forced write; what gathers meanwhile for the next', async t => {
    const { disk, store } = await started(t)
    const told: string[] = []
    for (const key of ['a', 'b']) {
      store.put(key, bytes('1'))
      store.afterSync(() => told.push(key))
    }
    await turns(1)
    t.strictSame(told, [], 'on its way')
    for (const key of ['c', 'd']) {
      store.put(key, bytes('1'))
      store.afterSync(() => told.push(key))
    }
    await turns()
    store.afterSync(() => told.push('nothing'))
    await turns()
    t.strictSame(disk.batches, [
      { keys: ['a', 'b'], sync: true },
      { keys: ['c', 'd'], sync: true }
    ])
    t.strictSame(told, ['a', 'b', 'c', 'd', 'nothing'])
  })

  await t.test('what is forced has all before it that was not', async t => {
    const { disk, store } = await started(t)
    store.put('a', bytes('1'))
    store.put('b', bytes('1'))
    await turns()
    store.delete('a')
    store.put('c', bytes('1'))
    store.afterSync(() => undefined)
    await turns()
    store.afterSync(() => undefined)
    await turns()
    t.strictSame(disk.batches, [
      { keys: ['a', 'b'], sync: false },
      { keys: ['a', 'b', 'c'], sync: true }
    ])
    const value = new Uint8Array(limits.storeUnsyncedBytesMax / 4)
    for (const key of ['d', 'e', 'f', 'g']) {
      store.put(key, value)
      await turns()
    }
    t.strictSame(disk.batches.slice(2), [
      { keys: ['d'], sync: false },
      { keys: ['e'], sync: false },
      { keys: ['f'], sync: false },
      { keys: ['d', 'e', 'f', 'g'], sync: true }
    ])
  })

  await t.test('what came and went between two writes costs none, unless the disk failed', async t => {
    const { disk, store } = await started(t)
    store.put('a', bytes('1'))
    store.delete('a')
    let isTold = false
    store.afterSync(() => {
      isTold = true
    })
    await turns()
    t.strictSame([isTold, disk.batches], [true, []])
    disk.fault = 'full'
    store.put('b', bytes('1'))
    await turns()
    store.delete('b')
    disk.fault = 'none'
    await later()
    t.strictSame(disk.batches, [{ keys: ['b'], sync: true }], 'who knows what was written of it')
  })

  await t.test('full: told once, read on, written when there is room', async t => {
    const { disk, told, store } = await started(t)
    store.put('old', bytes('1'))
    await turns()
    disk.fault = 'full'
    let isWritten = false
    store.put('a', bytes('1'))
    store.afterWrite(() => {
      isWritten = true
    })
    await turns()
    store.put('a', bytes('2'))
    store.put('b', bytes('1'))
    for (let times = 0; times < 3; times++) await later()
    t.strictSame([told, store.state, isWritten], [['open', 'failing'], 'failing', false])
    t.strictSame([text(store.get('a')), text(store.get('old'))], ['2', '1'])
    t.equal((await entriesOf(store, '')).length, 3)
    t.equal(disk.openings.length, 1, 'the old one is held while there is no room')
    disk.fault = 'none'
    await later()
    t.strictSame([told, store.state, isWritten], [['open', 'failing', 'open'], 'open', true])
    t.strictSame([text(disk.data.get('a')), text(disk.data.get('b')), disk.batches.at(-1)?.sync], ['2', '1', true])
  })

  await t.test('what waits has a bound', async t => {
    const { disk, store } = await started(t)
    disk.fault = 'full'
    const value = new Uint8Array(10_000)
    let taken = 0
    while (taken < 1000 && store.put(`k${taken}`, value)) taken++
    t.ok(taken > 90 && taken < limits.storePendingBytesMax / 10_000)
    t.equal(store.refusals, 1)
    t.equal(store.get(`k${taken}`), undefined)
    t.equal(store.put('k0', value), true, 'what waits may change')
    t.equal(store.put('k0', new Uint8Array(20_000)), false)
    t.equal(store.get('k0')?.length, 10_000, 'nothing is changed')
  })

  await t.test('what waits does not grow with each attempt to write it', async t => {
    const { disk, store } = await started(t)
    disk.fault = 'full'
    let number = 0
    for (let attempt = 0; attempt < 4; attempt++) {
      while (store.put(`k${number}`, new Uint8Array(50_000))) number++
      while (store.delete(`m${number}`)) number++
      mock.timers.tick(limits.storeRetryMs)
      for (let turn = 0; turn < 20; turn++) {
        await turns(1)
        while (store.put(`k${number}`, new Uint8Array(50_000))) number++
        while (store.delete(`m${number}`)) number++
      }
      disk.fault = 'none' // it has room until it is opened
      mock.timers.tick(limits.storeRetryMs)
      await turns(1)
      disk.fault = 'full'
    }
    t.ok(store.waitingBytes <= limits.storePendingBytesMax && disk.openings.length > 2, `${store.waitingBytes} B`)
  })

  await t.test('keys that go have a bound of their own', async t => {
    const { disk, store } = await started(t)
    disk.fault = 'full'
    store.put('k', bytes('1'))
    await turns()
    let taken = 0
    while (taken < 100_000 && store.delete(`m/${taken}`)) taken++
    t.ok(taken > 5_000 && taken < 20_000, `${taken} of them`)
    t.equal(store.delete('m/1'), true, 'one that goes already')
    t.equal(store.put('k', new Uint8Array(1_000_000)), true, 'values find room beside them')
    t.equal(store.delete('k'), false)
    t.equal(store.get('k')?.length, 1_000_000, 'nothing is changed')
    t.equal(store.waitingBytes, 1_000_065)
  })

  await t.test('who waits for a sync is told when the disk works again', async t => {
    const { disk, store } = await started(t)
    disk.fault = 'full'
    const told: string[] = []
    store.put('a', bytes('1'))
    store.afterSync(() => told.push('a'))
    await turns()
    store.put('b', bytes('1'))
    store.afterSync(() => told.push('b'))
    await later()
    t.strictSame(told, [])
    disk.fault = 'none'
    await later()
    t.strictSame([told, disk.batches], [['a', 'b'], [{ keys: ['a', 'b'], sync: true }]])
  })

  await t.test('entries asked for while it is opened anew are read from the new one', async t => {
    const { disk, store } = await started(t)
    store.put('a', bytes('1'))
    await turns()
    const [first] = disk.levels
    let answer = (): void => undefined
    Object.assign(first as object, {
      iterator: () => ({ all: () => new Promise((_, reject) => (answer = () => reject(new Error('closed')))) })
    })
    const entries = entriesOf(store, '')
    disk.fault = 'full'
    store.put('b', bytes('1'))
    await turns()
    disk.fault = 'none'
    await later()
    answer()
    t.match(await entries, [{ key: 'a' }, { key: 'b' }])
    t.equal(store.state, 'open')
  })

  await t.test('not there at the start: told once, and opened when it is there', async t => {
    const { disk, told, store } = await started(t, 'absent')
    store.put('a', bytes('1'))
    await later()
    await later()
    t.strictSame(told, ['failing'])
    disk.fault = 'none'
    await later()
    t.strictSame(told, ['failing', 'open'])
    t.equal(text(disk.data.get('a')), '1')
  })

  await t.test('full again as it is opened: no word of it', async t => {
    const { disk, told, store } = await started(t, 'absent')
    disk.fault = 'full'
    store.put('a', bytes('1'))
    await later()
    t.strictSame(told, ['failing'])
    disk.fault = 'none'
    await later()
    t.strictSame(told, ['failing', 'open'])
  })

  for (const read of ['get', 'entries'] as const) {
    await t.test(`a block that cannot be read, by ${read}: it is mended`, async t => {
      const { disk, told, store } = await started(t)
      disk.fault = 'unreadable'
      store.put('a', bytes('1'))
      if (read === 'get') t.equal(store.get('b'), undefined)
      else t.match(await entriesOf(store, ''), [])
      await turns()
      t.equal(store.state, 'failing')
      disk.fault = 'none'
      await later()
      t.strictSame(
        [told, disk.openings],
        [
          ['open', 'failing', 'open'],
          [false, true]
        ]
      )
      await written(store)
      t.equal(text(disk.data.get('a')), '1')
    })
  }

  await t.test('closing while it fails ends it', async t => {
    const { disk, store } = await started(t, 'absent')
    await store.close()
    disk.fault = 'none'
    await later()
    t.equal(disk.openings.length, 1)
  })
})

t.test('a real disk that is full, and then is not', { skip: noSmallDisk }, async t => {
  const folder = mountSmallDisk(t)
  const realTimeout = setTimeout
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const states: string[] = []
  const store = await openStore(join(folder, 'store'), ({ state, message }) => states.push(`${state}: ${message}`))
  store.put('old', bytes('1'))
  await written(store)
  const state = async (wanted: string): Promise<void> => {
    for (let times = 0; times < 5_000 && store.state !== wanted; times++) {
      mock.timers.tick(limits.storeRetryMs / 10)
      await new Promise(resolve => realTimeout(resolve, 5))
    }
    t.equal(store.state, wanted)
  }
  for (let number = 0; store.state === 'open' && number < 5000; number++) {
    store.put(`k/${number}`, new Uint8Array(500).fill(number * 7919))
    // No more may wait than the disk can take once it has room again.
    while (store.state === 'open' && store.waitingBytes > 0) await new Promise(resolve => setImmediate(resolve))
    if (number === 100) writeFileSync(join(folder, 'ballast'), new Uint8Array(700_000))
  }
  await state('failing')
  t.match(states.slice(1), [/^failing: .*No space left on device.*waits in memory/])
  store.put('new', bytes('2'))
  t.strictSame([text(store.get('old')), text(store.get('new'))], ['1', '2'])
  rmSync(join(folder, 'ballast'))
  await state('open')
  t.equal(states.length, 3)
  mock.timers.reset()
  await store.close()
  const again = await openStore(join(folder, 'store'), () => undefined)
  t.strictSame([text(again.get('old')), text(again.get('new')), again.get('k/0')?.length], ['1', '2', 500])
  await again.close()
})

t.test('what the broker keeps is read back from a disk', async t => {
  const path = join(t.testdir(), 'store')
  const started = async (): Promise<{ readonly store: DiskStore; readonly keeper: Keeper; readonly kept: Kept }> => {
    const store = await openStore(path, () => undefined)
    const keeper = new Keeper(store, utf8, new SetClocks())
    return { store, keeper, kept: await new Promise(resolve => keeper.load(resolve)) }
  }
  const first = await started()
  const shared = { ...message('é=x', { qos: 2 }), properties: Uint8Array.of(1, 0), expiresAtMs: 9_000 }
  for (let number = 1; number <= 40; number++) {
    first.keeper.saveSession(sessionOf(number, { subscriptions: new Map([['#', options()]]), will: willOf('w=x') }))
    first.keeper.saveDelivery(number, deliveryOf(1, { message: shared }))
    for (let id = 1; id <= 5; id++) first.keeper.saveReceived(number, id)
    first.keeper.retain(message(`r${String(number).padStart(2, '0')}=x`))
  }
  await new Promise<void>(resolve => first.keeper.afterSync(resolve))
  await first.store.close()
  const { store, keeper, kept } = await started()
  t.strictSame([kept.sessions.length, kept.retained.length, kept.sessions[39]?.received.size], [40, 40, 5])
  t.match(kept.sessions[39]?.deliveries, [{ message: shared }])
  for (const { number, deliveries } of kept.sessions) keeper.dropSession(number, deliveries)
  for (const { topic } of kept.retained) keeper.unretain(topic)
  while ((await entriesOf(store, 'mqtt/')).length > 0) await synced(store)
  await store.close()
})

t.test('killed at any instant: what was told written is there, and no batch in part', async t => {
  const folder = t.testdir()
  const program = buildProgram('test/fixtures/store/writer.ts', folder)
  const path = join(folder, 'store')
  let first = 0
  for (let times = 0; times < 20; times++) {
    const told = Number((await runAndKill(program, [path, String(first)], Math.random() * 60)).at(-1) ?? first)
    const store = await openStore(path, () => undefined)
    const last = Number(text(store.get('last')))
    const seen: boolean[] = []
    for (let number = first; number <= last + 5; number++) {
      const values = ['a', 'b', 'c'].map(name => store.get(`${name}/${String(number).padStart(9, '0')}`))
      seen.push(values.every(value => (number > last ? value === undefined : value?.length === number % 300)))
    }
    t.ok(last >= told && seen.every(Boolean), `killed after number ${told}, found up to ${last}`)
    await store.close()
    first = last + 1
  }
})
