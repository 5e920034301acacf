/** What the daemon tells is said in German, and by the words that the daemon has. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Watch } from '../../src/meters/watch.ts'
import { inGerman } from '../../src/page/told.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const filesIn = (folder: string): readonly string[] => readdirSync(folder).map(name => join(folder, name))

t.test('each sentence is one of the daemon’s', async t => {
  const daemon = ['src/io', 'src/meters'].flatMap(filesIn).map(read).join('\n')
  const keys = [...read('src/page/told.ts').matchAll(/\[\s*(?:'([^'\n]+)'|"([^"\n]+)"),\s+'/g)].map(
    ([, plain, quoted]) => plain ?? quoted ?? ''
  )
  t.ok(keys.length > 40, `${keys.length} sentences`)
  for (const key of keys.filter(key => key !== 'Opening auto.'))
    for (const piece of key.split('{}').filter(piece => piece.length > 4)) {
      const [begin, end] = [piece.slice(0, 20), piece.slice(-20)] // either may stand in a literal of its own
      t.ok(daemon.includes(begin) && daemon.includes(end), piece)
    }
})

t.test('how a meter is, as its watch tells it', async t => {
  const watch = new Watch('tcp://10.0.0.7:7000', undefined, 0)
  const said = (): string => inGerman(watch.status.message)
  t.equal(said(), 'tcp://10.0.0.7:7000 wird geöffnet.')
  watch.opened(0, { name: '/dev/ttyUSB0', baud: 57_600 })
  t.equal(said(), 'Der Anschluss ist offen; die erste Nachricht des Zählers steht noch aus.')
  watch.understood(0)
  t.equal(said(), 'Messwerte kommen an.')
  watch.tick(90_000)
  t.equal(said(), 'Der Anschluss ist offen, aber seit 90 s kommt nichts. Steckt das Kabel fest in der Anzeige, und ist sie an?')
  for (let atMs = 100_000; atMs < 200_000; atMs += 1_000) watch.received(100, atMs)
  watch.tick(200_000)
  t.equal(
    said(),
    'Es kommen Bytes, aber keine Nachricht: Die Geschwindigkeit ist wohl nicht 57600. Einen Versuch wert: --baud 9600, dann --baud 2400. ' +
      'CC128, Envi und EnviR sprechen mit 57600, ein Classic mit 9600 oder 2400.'
  )
})

t.test('several sentences, and names with dots', async t => {
  t.equal(
    inGerman(
      "No meter found yet. /dev/serial/by-id/usb-0.1 is listened to: no message yet. /dev/ttyS0 is held by socat (812). Plug in the meter's cable, or name its port with --source."
    ),
    'Noch ist kein Zähler gefunden. An /dev/serial/by-id/usb-0.1 wird gelauscht: noch keine Nachricht. /dev/ttyS0 ist von socat (812) belegt. ' +
      'Das Kabel des Zählers gehört eingesteckt; sein Anschluss lässt sich auch mit --source nennen.'
  )
  t.equal(
    inGerman('/dev/ttyS0 is held by another program, and only one can read it. Find it with: fuser /dev/ttyS0'),
    '/dev/ttyS0 ist von einem anderen Programm belegt, und nur eines kann lesen. Welches, zeigt: fuser /dev/ttyS0'
  )
  t.equal(inGerman('The store: what must outlive a restart is in /a/b.c'), 'Die Ablage: Was einen Neustart überleben muss, liegt in /a/b.c')
  t.equal(
    inGerman("demo: the meter's own clock is 61 min ahead of this machine's. Its history is placed right all the same."),
    'demo: Die Uhr des Zählers geht 61 min vor. Sein Verlauf wird trotzdem richtig eingeordnet.'
  )
  t.equal(
    inGerman(
      'The store: /a/b cannot be used: IO error: No space left. What must outlive a restart waits in memory, and is written as soon as that works; it is tried each 5 s.'
    ),
    'Die Ablage: /a/b ist nicht zu gebrauchen: IO error: No space left. Was einen Neustart überleben muss, wartet im Arbeitsspeicher und wird geschrieben, ' +
      'sobald das geht; versucht wird es alle 5 s.'
  )
  t.equal(inGerman('Something else happened.'), 'Something else happened.', 'what is not known stays')
})
