/** The list of ports: each device once, by the name that lasts, with the adapter it is. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { candidates, listPorts } from '../../src/io/ports.ts'

/** Character devices that are on every machine; none of them is opened. */
const [first, second, third] = ['/dev/null', '/dev/zero', '/dev/full']

/** A tree with links, and files with their text. */
function plant(t: Test, links: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): string {
  const root = t.testdir()
  for (const path of [...Object.keys(links), ...Object.keys(files)]) mkdirSync(join(root, dirname(path)), { recursive: true })
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path))
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  return root
}

t.test('on a machine without any', async t => {
  t.strictSame(candidates(t.testdir()), [])
  t.strictSame(listPorts(t.testdir()), [])
})

t.test('on this machine', async t => {
  for (const { path } of candidates()) t.match(path, /^\/dev\/(?:serial\/by-id\/.+|tty(?:USB|ACM|AMA)\d+)$/)
  for (const path of listPorts()) t.match(path, /^\/dev\/(?:serial\/by-id\/.+|tty(?:USB|ACM|AMA)\d+)$/)
})

t.test('each device once, by the name that lasts, if it has one', async t => {
  const root = plant(
    t,
    {
      'dev/ttyUSB0': first,
      'dev/ttyUSB1': second,
      'dev/ttyACM0': third,
      'dev/ttyS0': '/dev/random',
      'dev/ttyUSB7': '/dev/gone',
      'dev/serial/by-id/usb-Prolific-if00-port0': '../../ttyUSB1'
    },
    { 'dev/ttyUSB8': 'a file', 'dev/ttyAMA': '' }
  )
  const list = candidates(root)
  const paths = list.map(({ path }) => path.slice(root.length)).sort()
  t.strictSame(paths, ['/dev/serial/by-id/usb-Prolific-if00-port0', '/dev/ttyACM0', '/dev/ttyUSB0'])
  t.equal(new Set(list.map(({ key }) => key)).size, 3)
  t.strictSame(
    candidates(root).map(({ key }) => key),
    list.map(({ key }) => key),
    'a key lasts as long as the device'
  )
  const before = list.find(({ path }) => path.includes('by-id'))?.key
  rmSync(join(root, 'dev/serial'), { recursive: true })
  t.equal(candidates(root).find(({ path }) => path.endsWith('ttyUSB1'))?.key, before, 'and is the same by another name')
})

t.test('known adapters come first, told by their USB ids', async t => {
  const usb = 'sys/devices/usb1/1-1'
  const root = plant(
    t,
    {
      'dev/ttyACM0': first,
      'dev/ttyUSB0': second,
      'dev/ttyUSB1': third,
      'sys/class/tty/full/device': '../../../devices/usb1/1-1/1-1.2/1-1.2:1.0/ttyUSB1',
      'sys/class/tty/zero/device': '../../../devices/usb1/1-1/1-1.4/1-1.4:1.0/ttyUSB0',
      'sys/class/tty/null/device': '../../../devices/usb1/1-1/1-1.5/1-1.5:1.0'
    },
    {
      [`${usb}/idVendor`]: '1d6b\n',
      [`${usb}/idProduct`]: '0002\n',
      [`${usb}/1-1.2/idVendor`]: '067b\n',
      [`${usb}/1-1.2/idProduct`]: '2303\n',
      [`${usb}/1-1.2/1-1.2:1.0/ttyUSB1/x`]: '',
      [`${usb}/1-1.4/idVendor`]: '1a86\n',
      [`${usb}/1-1.4/idProduct`]: '7523\n',
      [`${usb}/1-1.4/1-1.4:1.0/ttyUSB0/x`]: '',
      [`${usb}/1-1.5/idVendor`]: '1234\n',
      [`${usb}/1-1.5/idProduct`]: '5678\n',
      [`${usb}/1-1.5/1-1.5:1.0/x`]: ''
    }
  )
  t.match(
    candidates(root).map(({ path, adapter }) => [path.slice(root.length + '/dev/'.length), adapter]),
    [
      [/ttyUSB[01]/, /^(?:Prolific PL2303, .+|WCH CH340)$/],
      [/ttyUSB[01]/, /^(?:Prolific PL2303, .+|WCH CH340)$/],
      ['ttyACM0', undefined]
    ]
  )
})
