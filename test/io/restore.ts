/** Export and restore: what goes out comes back, whole or not at all, also when the daemon is killed in the middle of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Body } from '../../src/io/body.ts'
import { type ExportHead, exportLines } from '../../src/io/export.ts'
import { canWrite, openLevel } from '../../src/io/level.ts'
import { makeLog } from '../../src/io/log.ts'
import { Refusal } from '../../src/io/reply.ts'
import { checkExport, Restorer } from '../../src/io/restore.ts'
import { Resumption } from '../../src/io/resume.ts'
import { type DiskStore, openStore } from '../../src/io/store.ts'
import { limits, setLimits } from '../../src/limits.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { holdsLater } from '../fixtures/io/property.ts'
import { TestClock } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { bytes, entriesOf, text, written } from '../fixtures/store/store-suite.ts'

const head: ExportHead = { wattslug: 'export', format: 1, version: '1', atMs: 5, zone: 'UTC' }

async function open(t: Test, path = join(makeFolder(t), 'store')): Promise<{ store: DiskStore; path: string }> {
  const store = await openStore(path, () => undefined)
  t.teardown(() => store.close())
  return { store, path }
}

/** A store on a disk that cannot be read while it is ill. */
async function openIll(t: Test): Promise<{ store: DiskStore; path: string; disk: { isIll: boolean } }> {
  const { storeRetryMs } = limits
  setLimits({ storeRetryMs: 20 })
  t.teardown(() => setLimits({ storeRetryMs }))
  const disk = { isIll: false }
  const path = join(makeFolder(t), 'store')
  const store = await openStore(path, () => undefined, {
    canWrite,
    async open(path, damaged) {
      if (disk.isIll) return { kind: 'failed', message: 'it is ill' }
      const opening = await openLevel(path, damaged)
      if (opening.kind !== 'open') return opening
      const { level } = opening
      const iterator = ((options: object) => {
        if (disk.isIll) throw new Error('EIO')
        return level.iterator(options)
      }) as typeof level.iterator
      return {
        ...opening,
        level: {
          getSync: (key: string) => level.getSync(key),
          batch: level.batch.bind(level) as typeof level.batch,
          iterator,
          close: () => level.close()
        }
      }
    }
  })
  t.teardown(() => store.close())
  return { store, path, disk }
}

/** What goes on from the store after a restore, and what is told. */
function resume(store: Pick<DiskStore, 'state'>, restorer: Restorer) {
  const said: string[] = []
  const clock = new TestClock()
  const rest = { zone: 'UTC', open: () => said.push('open'), close: () => said.push('close') }
  const log = makeLog(
    line => said.push(line.replace(/^.*? error: |\n$/g, '')),
    false,
    () => 0
  )
  return { said, clock, resumption: new Resumption(store, restorer, rest, clock, log) }
}

async function exported(store: DiskStore, zone = 'UTC'): Promise<string> {
  await written(store)
  if (!store.level) throw new Error('it is not open')
  let lines = ''
  for await (const piece of exportLines(store.level, { ...head, zone })) lines += piece
  return lines
}

/** A body as the server makes it, in pieces of some size. */
function bodyOf(content: string | Buffer, size = 1_000): Body {
  const all = Buffer.from(content)
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
  }
  return Object.assign(pieces(), { bytes: all.length }) as unknown as Body
}

const contentOf = async (store: DiskStore): Promise<Record<string, string | undefined>> =>
  Object.fromEntries((await entriesOf(store, '', 100_000)).map(({ key, value }) => [key, text(value)]))

t.test('all but the sessions goes out, and comes back in the place of what is there', async t => {
  const { store } = await open(t)
  for (const key of ['a', 'mqtt/s/1', 'mqtt/x/2', 'n', 'z/0']) store.put(key, bytes(`value of ${key}`))
  for (let number = 0; number < 500; number++) store.put(`mqtt/r/${number}`, bytes('x'))
  const lines = await exported(store)
  t.strictSame(
    lines
      .trim()
      .split('\n')
      .slice(1, -1)
      .map(line => JSON.parse(line).key),
    ['a', 'n', 'z/0']
  )
  const { store: other, path } = await open(t)
  for (const key of ['a', 'b', 'mqtt/s/9', 'zz']) other.put(key, bytes('former'))
  const restorer = new Restorer(other, path)
  t.strictSame(await restorer.receive(bodyOf(lines, 7)), { records: 3, zone: 'UTC' })
  t.ok(restorer.isDue)
  await t.rejects(restorer.receive(bodyOf(lines)), /another restore is under way/)
  await restorer.apply()
  t.notOk(restorer.isDue)
  t.strictSame(await contentOf(other), { a: 'value of a', 'mqtt/s/9': 'former', n: 'value of n', 'z/0': 'value of z/0' })
  t.strictSame(
    readdirSync(join(path, '..')).filter(name => name.includes('restore')),
    [],
    'nothing is left behind'
  )
  await restorer.apply()
  t.equal(Object.keys(await contentOf(other)).length, 4, 'there is nothing to do any more')
})

t.test('what was kept in memory while it was exported is what was at its beginning', async t => {
  const { store } = await open(t)
  for (let number = 0; number < 2_000; number++) store.put(`k/${String(number).padStart(5, '0')}`, bytes('before'.repeat(20)))
  await written(store)
  let lines = ''
  let pieces = 0
  for await (const piece of exportLines(store.level as NonNullable<typeof store.level>, head)) {
    if (pieces++ === 1) {
      for (let number = 0; number < 2_000; number++) store.put(`k/${String(number).padStart(5, '0')}`, bytes('after'))
      await written(store)
    }
    t.ok(piece.length < 2 * limits.exportPieceBytes)
    lines += piece
  }
  t.ok(pieces > 10)
  t.notMatch(lines, Buffer.from('after').toString('base64'))
})

t.test('a file that is not whole and sound changes nothing', async t => {
  const { store } = await open(t)
  for (const key of ['a', 'b', 'c']) store.put(key, bytes(`value of ${key}`))
  const good = await exported(store)
  const lines = good.trimEnd().split('\n')
  const without = (index: number): string => [...lines.slice(0, index), ...lines.slice(index + 1), ''].join('\n')
  const changed = (index: number, change: (line: string) => string): string =>
    [...lines.with(index, change(lines[index] ?? '')), ''].join('\n')
  const bad: readonly (readonly [what: string, content: string | Buffer, said: RegExp])[] = [
    ['nothing', '', /^line 1: the file ends early/],
    ['another kind', 'start,end\n1,2\n', /^line 1: this is no object/],
    ['another program', '{"hello":1}\n', /^line 1: this is no export of wattslug/],
    ['another format', changed(0, line => line.replace('"format":1', '"format":2')), /^line 1: .* another version/],
    ['no head', without(0), /^line 1: this is no export/],
    ['a record that is gone', without(2), /^line 4: 2 records came, and not 3/],
    ['no end', without(4), /^line 5: the file ends early/],
    ['cut within a line', good.slice(0, good.length - 30), /^line 5: this is no object/],
    ['a value that was changed', changed(2, line => line.replace(/"value":"./, '"value":"A')), /^line 5: the checksum/],
    ['a value that is no base64', changed(2, line => line.replace(/"value":"./, '"value":"!')), /^line 3: the value is no base64/],
    ['a head that was changed', changed(0, line => line.replace('UTC', 'GMT')), /^line 5: the checksum/],
    ['a key of the broker', changed(1, line => line.replace('"a"', '"mqtt/a"')), /^line 2: this is no key/],
    ['an empty key', changed(1, line => line.replace('"a"', '""')), /^line 2: this is no key/],
    ['another order', [lines[0], lines[2], lines[1], lines[3], lines[4], ''].join('\n'), /^line 3: keys must come in their order/],
    ['one twice', [...lines.slice(0, 2), ...lines.slice(1), ''].join('\n'), /^line 3: keys must come/],
    ['more in a record', changed(1, line => line.replace('{', '{"more":1,')), /^line 2: unknown: more/],
    ['more behind the end', `${good}${lines[1]}\n`, /^line 6: nothing may follow/],
    ['no UTF-8', Buffer.concat([Buffer.from(`${lines[0]}\n`), Buffer.of(0xff, 10)]), /^line 2: this is no UTF-8/],
    ['an endless line', `${lines[0]}\n${'x'.repeat(1_000_000)}`, /^line 2: the line is too long/],
    ['null', 'null\n', /^line 1: this is no object/]
  ]
  const { store: other, path } = await open(t)
  other.put('kept', bytes('kept'))
  const restorer = new Restorer(other, path)
  for (const [what, content, said] of bad) {
    await t.rejects(restorer.receive(bodyOf(content)), { status: 400, message: said }, what)
    t.notOk(restorer.isDue)
  }
  t.strictSame(await contentOf(other), { kept: 'kept' })
  t.match(await restorer.receive(bodyOf(good)), { records: 3 }, 'and then a sound one')
})

t.test('a body that breaks off is forgotten', async t => {
  const { store, path } = await open(t)
  const restorer = new Restorer(store, path)
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"wattslug"')
    throw new Refusal(400, 'the body ended early')
  }
  await t.rejects(restorer.receive(Object.assign(broken(), { bytes: 100 }) as unknown as Body), { status: 400, message: /ended early/ })
  t.notOk(existsSync(`${path}.restore.unfinished`))
  const endless = Object.assign(broken(), { bytes: Number.MAX_SAFE_INTEGER }) as unknown as Body
  await t.rejects(restorer.receive(endless), /the disk has no room/)
})

t.test('a disk that cannot keep the file refuses it, and then takes it', async t => {
  const { store, path } = await open(t)
  store.put('a', bytes('a'))
  const lines = await exported(store)
  const restorer = new Restorer(store, path)
  for (const file of [`${path}.restore.unfinished`, `${path}.restore`]) {
    mkdirSync(join(file, 'in the way'), { recursive: true })
    await t.rejects(restorer.receive(bodyOf(lines)), { status: 507, message: /it cannot be kept: E/ }, file)
    rmSync(file, { recursive: true })
  }
  t.notOk(restorer.isDue)
  t.match(await restorer.receive(bodyOf(lines)), { records: 1 })
})

t.test('a store that cannot be read in the middle is waited for', async t => {
  const { store: source } = await open(t)
  source.put('new', bytes('new'))
  const lines = await exported(source)
  const { store, path, disk } = await openIll(t)
  for (let number = 0; number < 500; number++) store.put(`k/${number}`, bytes('old'))
  await written(store)
  const restorer = new Restorer(store, path)
  await restorer.receive(bodyOf(lines))
  disk.isIll = true
  const applied = restorer.apply()
  await until(() => store.state === 'failing', 'it fails')
  t.ok(restorer.isDue)
  disk.isIll = false
  await until(() => !restorer.isDue, 'it is applied')
  await applied
  t.strictSame(await contentOf(store), { new: 'new' })
})

t.test('what came while the store fails is applied once it does no more', async t => {
  const { store, path } = await open(t)
  store.put('a', bytes('a'))
  const lines = await exported(store)
  let state: 'open' | 'failing' = 'open'
  const { said, resumption } = resume(
    {
      get state() {
        return state
      }
    },
    new Restorer(store, path)
  )
  await resumption.tick()
  t.strictSame(said.splice(0), ['close', 'open'])
  async function* failingMeanwhile(): AsyncGenerator<Buffer> {
    state = 'failing'
    yield Buffer.from(lines)
  }
  const body = Object.assign(failingMeanwhile(), { bytes: lines.length }) as unknown as Body
  await t.rejects(resumption.restore(body), { status: 503, message: /will be applied/ })
  await resumption.tick()
  t.strictSame(said, [], 'nothing is read meanwhile')
  state = 'open'
  await resumption.tick()
  t.match(said, ['close', /notice +a backup was restored in the place of all that was kept: \d+ records?$/, 'open'])
  t.notOk(existsSync(`${path}.restore`))
})

t.test('nothing goes on from half of a restore: it is begun anew', async t => {
  const { store, path } = await open(t)
  store.put('a', bytes('a'))
  const lines = await exported(store)
  const restorer = new Restorer(store, path)
  const { said, clock, resumption } = resume(store, restorer)
  await resumption.tick()
  const remove = store.delete
  store.delete = () => {
    throw new Error('EIO')
  }
  await t.rejects(resumption.restore(bodyOf(lines)), { status: 503, message: /will be applied/ })
  t.match(said.splice(0), ['close', 'open', 'close', /not done yet: EIO/])
  store.delete = remove
  await resumption.tick()
  t.strictSame(said, [], 'not at once')
  clock.nowMs += limits.storeRetryMs
  await resumption.tick()
  t.match(said.splice(0), ['close', /a backup was restored in the place of all that was kept: 1 record$/, 'open'], 'told once')
  t.strictSame(await resumption.restore(bodyOf(lines)), { records: 1 }, 'and there is room for another')
})

t.test('whoever restores days of another zone is told what to set', async t => {
  const { store, path } = await open(t)
  store.put('a', bytes('a'))
  const { said, resumption } = resume(store, new Restorer(store, path))
  for (const zone of ['Europe/London', 'Etc/GMT+5']) {
    t.strictSame(await resumption.restore(bodyOf(await exported(store, zone))), { records: 1, otherZone: zone })
    t.ok(said.splice(0)[1]?.endsWith(`: 1 record. Their days are those of ${zone}: set zone to that, and start wattslug again`))
  }
  for (const zone of ['', 'a\nb', 'x'.repeat(65)]) {
    t.strictSame(await resumption.restore(bodyOf(await exported(store, zone))), { records: 1 }, 'that is no name')
    t.match(said.splice(0)[1], /: 1 record$/)
  }
})

t.test('killed in the middle, it is done again at the next start', async t => {
  const { store: source } = await open(t)
  for (let number = 0; number < 3_000; number++) source.put(`k/${String(number).padStart(5, '0')}`, bytes(`new ${number}`))
  const lines = await exported(source)
  const expected = await contentOf(source)
  for (const turns of [0, 1, 3, 10, 30, 100]) {
    const { store, path } = await open(t)
    for (let number = 0; number < 2_000; number++) store.put(`k/${number}`, bytes('old'))
    await written(store)
    const restorer = new Restorer(store, path)
    await restorer.receive(bodyOf(lines, 100_000))
    const applied = restorer.apply().catch(() => undefined) // it is closed under it
    for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
    await store.close()
    // What a closed store could not write any more it never tells of: that one goes on no further.
    await Promise.race([applied, delay(1_000)])
    const { store: again } = await open(t, path)
    const next = new Restorer(again, path)
    await next.apply()
    t.strictSame(await contentOf(again), expected, `closed after ${turns} turns`)
    t.notOk(next.isDue)
  }
})

t.test('what was damaged since it came is set aside, and nothing changes', async t => {
  const { store, path } = await open(t)
  store.put('kept', bytes('kept'))
  writeFileSync(`${path}.restore`, 'nonsense\n')
  const restorer = new Restorer(store, path)
  t.ok(restorer.isDue)
  await t.rejects(restorer.apply(), /line 1/)
  t.notOk(restorer.isDue)
  t.strictSame(await contentOf(store), { kept: 'kept' })
  t.equal(readFileSync(`${path}.restore.damaged`, 'utf8'), 'nonsense\n')
})

t.test('whatever is in a store comes back; whatever byte is changed is seen', async t => {
  const record = fc.tuple(fc.stringMatching(/^[!-l][!-~]{0,30}$/), fc.uint8Array({ maxLength: 300 }))
  await holdsLater(
    t,
    30,
    fc.asyncProperty(
      fc.uniqueArray(record, { selector: ([key]) => key, maxLength: 30 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (records, at, flip) => {
        const { store } = await open(t)
        for (const [key, value] of records) store.put(key, value)
        const lines = Buffer.from(await exported(store))
        const { store: other, path } = await open(t)
        const restorer = new Restorer(other, path)
        if ((await restorer.receive(bodyOf(lines))).records !== records.length) return false
        await restorer.apply()
        const same = JSON.stringify(await contentOf(other)) === JSON.stringify(await contentOf(store))
        const place = at % lines.length
        lines[place] = (lines[place] ?? 0) ^ flip
        const file = `${path}.changed`
        writeFileSync(file, lines)
        const seen = await checkExport(file).then(
          () => false,
          error => error instanceof Refusal
        )
        await Promise.all([store.close(), other.close()])
        return same && (seen || place === lines.length - 1)
      }
    )
  )
})
