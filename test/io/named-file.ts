/** Files that somebody names: plain ones are read within a bound, and of others it is said in plain words why not. */
import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readNamedFile, whyUnreadable, whyUnwritable } from '../../src/io/named-file.ts'

const folder = t.testdir({ file: 'what it holds', empty: '' })

t.test('a plain file, or a link to one', async t => {
  symlinkSync('file', join(folder, 'link'))
  for (const name of ['file', 'link']) t.equal(readNamedFile(join(folder, name), 13).toString(), 'what it holds')
  t.equal(readNamedFile(join(folder, 'empty'), 13).length, 0)
  t.equal(readNamedFile('/proc/self/comm', 100).at(-1), 10, 'one whose size the system does not know')
})

t.test('anything else is refused, and not waited for', async t => {
  const pipe = join(folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  t.throws(() => readNamedFile(pipe, 13), { message: 'this is no plain file' })
  t.throws(() => readNamedFile('/dev/zero', 13), { message: 'this is no plain file' })
  t.throws(() => readNamedFile(folder, 13), { message: 'this is a folder, and no file' })
  t.throws(() => readNamedFile(join(folder, 'gone'), 13), { message: 'there is no such file', cause: { code: 'ENOENT' } })
  t.throws(() => readNamedFile(join(folder, 'file', 'below'), 13), { message: 'there is no such file', cause: { code: 'ENOTDIR' } })
  writeFileSync(join(folder, 'file'), 'what it holds!')
  t.throws(() => readNamedFile(join(folder, 'file'), 13), { message: 'longer than 13 bytes' })
})

t.test('what the system says, in plain words', async t => {
  const fault = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`what ${code} is`), { code })
  t.strictSame(['EACCES', 'EPERM', 'EISDIR', 'ENXIO', 'EIO'].map(fault).map(whyUnreadable), [
    'wattslug may not read it',
    'wattslug may not read it',
    'this is a folder, and no file',
    'this is no plain file',
    'what EIO is'
  ])
  t.strictSame(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].map(fault).map(whyUnwritable), [
    'there is no such folder',
    'there is no such folder',
    'this user may not write there',
    'this user may not write there',
    'this is a folder, and no file',
    'the disk is full',
    'the disk is full',
    'the disk is read-only',
    'what EIO is'
  ])
})
