/** The log: one line for each thing said, whatever is in it. */
import { closeSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isJournal, LogTail, makeLog, makeSpeech } from '../../src/io/log.ts'
import { limits } from '../../src/limits.ts'

function listen(journal: boolean) {
  const lines: string[] = []
  const clock = { nowMs: Date.UTC(2024, 1, 29, 12, 30, 5, 7) }
  const log = makeLog(
    line => lines.push(line),
    journal,
    () => clock.nowMs
  )
  return { lines, clock, log }
}

t.test('on a terminal: the time in UTC, the priority in a column, the text', async t => {
  const { lines, log } = listen(false)
  log.error('a')
  log.warning('b')
  log.notice('c')
  log.info('d')
  t.strictSame(lines, [
    '2024-02-29T12:30:05.007Z error   a\n',
    '2024-02-29T12:30:05.007Z warning b\n',
    '2024-02-29T12:30:05.007Z notice  c\n',
    '2024-02-29T12:30:05.007Z info    d\n'
  ])
})

t.test('of a command: plain sentences, however long', async t => {
  const lines: string[] = []
  const speech = makeSpeech(
    line => lines.push(line),
    () => 0
  )
  const long = 'a'.repeat(2 * limits.logLineCharactersMax)
  speech.error('no\nsuch file')
  speech.info(long)
  speech.warnSeldom('again', 'key')
  speech.warnSeldom('again', 'key')
  t.strictSame(lines, ['wattslug: no such file\n', `wattslug: ${long}\n`, 'wattslug: again\n'])
})

t.test('in the journal: its priorities, and no time', async t => {
  const { lines, log } = listen(true)
  log.error('a')
  log.warning('b')
  log.notice('c')
  log.info('d')
  log.warnSeldom('e', 'key')
  t.strictSame(lines, ['<3>a\n', '<4>b\n', '<5>c\n', '<6>d\n', '<4>e\n'])
})

t.test('control characters cannot forge a line or speak to a terminal', async t => {
  const { lines, log } = listen(true)
  log.info('one\n<0>two\r\n\t\0three\x1b[31mred\x7f\x85\x9b')
  t.strictSame(lines, ['<6>one <0>two three [31mred \n'])
})

t.test('other characters stay', async t => {
  const { lines, log } = listen(true)
  log.info('Zähler 💡 ≥ 3 µ')
  t.strictSame(lines, ['<6>Zähler 💡 ≥ 3 µ\n'])
})

t.test('a line is bounded', async t => {
  const { lines, log } = listen(true)
  log.info('a'.repeat(limits.logLineCharactersMax))
  log.info('b'.repeat(10_000_000))
  t.strictSame(lines, [`<6>${'a'.repeat(limits.logLineCharactersMax)}\n`, `<6>${'b'.repeat(limits.logLineCharactersMax)}\n`])
})

t.test('what comes often is said once an hour and key', async t => {
  const { lines, log, clock } = listen(true)
  const say = (key: string): number => {
    log.warnSeldom(`text of ${key}`, key)
    return lines.length
  }
  t.equal(say('a'), 1)
  t.equal(say('a'), 1, 'not again')
  t.equal(say('b'), 2, 'another key is another matter')
  clock.nowMs += limits.logRepeatMs - 1
  t.equal(say('a'), 2)
  clock.nowMs += 1
  t.equal(say('a'), 3, 'an hour later')
  t.equal(say('b'), 4)
  clock.nowMs -= 24 * 3_600_000
  t.equal(say('a'), 5, 'a clock that is set back does not silence it for a day')
  t.equal(say('a'), 5)
})

t.test('so many kinds are told apart and no more', async t => {
  const { lines, log } = listen(true)
  for (let round = 0; round < 2; round++) for (let key = 0; key < limits.logKeysMax; key++) log.warnSeldom(`${key}`, `${key}`)
  t.equal(lines.length, limits.logKeysMax)
  log.warnSeldom('new', 'new')
  log.warnSeldom('1', '1')
  t.equal(lines.length, limits.logKeysMax + 1)
  log.warnSeldom('0', '0')
  t.equal(lines.length, limits.logKeysMax + 2, 'the one that was said longest ago is forgotten')
})

t.test('the journal is known by the file that it reads', async t => {
  const file = join(t.testdir(), 'err')
  const descriptor = openSync(file, 'w')
  t.teardown(() => closeSync(descriptor))
  const { dev, ino } = statSync(file)
  t.equal(isJournal(descriptor, `${dev}:${ino}`), true)
  t.equal(isJournal(descriptor, `${dev}:${ino + 1}`), false, 'its output was led elsewhere')
  t.equal(isJournal(descriptor, undefined), false)
  t.equal(isJournal(descriptor, ''), false)
})

t.test('the last lines are kept, bounded in number and in bytes', async t => {
  const tail = new LogTail()
  const log = makeLog(
    () => undefined,
    true,
    () => 5,
    tail
  )
  log.notice('one\0two')
  log.error('three')
  t.strictSame(tail.lines, [
    { atMs: 5, level: 'info', text: 'one two' },
    { atMs: 5, level: 'error', text: 'three' }
  ])
  for (let number = 0; number < 1_000; number++) log.warning(`${number}`)
  t.equal(tail.lines.length, limits.logTailLinesMax)
  t.equal(tail.lines.at(-1)?.text, '999')
  for (let number = 0; number < 1_000; number++) log.info('€"'.repeat(10_000))
  t.ok(Buffer.byteLength(JSON.stringify(tail.lines)) <= limits.logTailBytesMax + 2 * limits.logTailLinesMax)
  t.ok(tail.lines.length > 5)
})
