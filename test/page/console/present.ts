/** What the console says of a connection, a PUBLISH and a message's properties. */

import t from 'tap'
import { german } from '../../../src/page/console/german.ts'
import { countText, emptyText, linkShown, outcomeText, propertiesOf, refusalText, whyText } from '../../../src/page/console/present.ts'
import { english } from '../../../src/page/console/words.ts'

const who = { clientId: 'me', version: 5 } as const

t.test('how the connection is', async t => {
  t.strictSame(linkShown(undefined, who, english), { kind: 'idle', title: 'Not connected', text: '' })
  t.strictSame(linkShown({ phase: 'connecting' }, who, english), { kind: 'connecting', title: 'Connecting…', text: '' })
  t.match(linkShown({ phase: 'connected', sessionPresent: false }, who, english), { kind: 'connected', text: 'MQTT 5.0 as me' })
  t.match(linkShown({ phase: 'connected', sessionPresent: true }, { clientId: 'me', version: 4 }, english), {
    text: 'session resumed · MQTT 3.1.1 as me'
  })
  t.match(linkShown({ phase: 'waiting', reason: 'Refused', reasonCode: 0x86, retryMs: 1_200 }, who, english), {
    kind: 'lost',
    text: 'Wrong user name or password. Next try in 2 s'
  })
  t.match(linkShown({ phase: 'waiting', reason: 'No answer', retryMs: 900 }, who, german), { text: 'No answer. Nächster Versuch in 1 s' })
  t.match(linkShown({ phase: 'closed', reason: 'taken over', reasonCode: 0x8e }, who, english), {
    kind: 'ended',
    text: 'Another client came with the same client id.'
  })
  t.match(linkShown({ phase: 'closed', reason: 'not authorised', reasonCode: 0x87 }, who, english), { title: 'Not let in' })
  t.match(linkShown({ phase: 'closed' }, who, english), { kind: 'ended', title: 'Not connected', text: '' })
})

t.test('reasons', async t => {
  t.equal(whyText('quota', 0x97, english), 'That is more than the broker allows.')
  t.equal(whyText('packet id in use', 0x91, english), 'packet id in use.', 'as given, when there are no words for it')
  t.equal(whyText('Really?', undefined, english), 'Really?')
  const refused = { why: 'Refused: Quota exceeded (64 at most)', said: '64 at most' }
  t.equal(refusalText({ ...refused, code: 0x97 }, english), 'That is more than the broker allows. (64 at most)')
  t.equal(refusalText({ ...refused, code: 0x91 }, english), 'Refused: Quota exceeded (64 at most).', 'not said twice')
})

t.test('counts, and why there is nothing', async t => {
  t.equal(countText(999), '999')
  t.equal(countText(1_234_567), '1\u202f234\u202f567')
  t.equal(emptyText('x', 0, english), 'Nothing fits this search.')
  t.match(emptyText('', 0, english), /^Subscribe/)
  t.equal(emptyText('', 1, english), 'Nothing has come yet.')
})

t.test('what became of a PUBLISH', async t => {
  t.match(outcomeText({ kind: 'sent', tookMs: 1 }, english), /^Sent/)
  t.equal(outcomeText({ kind: 'acknowledged', tookMs: 3.27 }, english), 'Acknowledged in 3.3 ms')
  t.equal(outcomeText({ kind: 'acknowledged', tookMs: 12.4 }, english), 'Acknowledged in 12 ms')
  t.equal(outcomeText({ kind: 'failed', why: 'x', code: 0x87 }, english), 'Not published: The broker does not let you do this.')
})

t.test('properties', async t => {
  t.strictSame(propertiesOf(undefined, english), [])
  t.strictSame(
    propertiesOf(
      {
        contentType: 'text/plain',
        responseTopic: 'a/b',
        correlationData: Uint8Array.of(1, 255),
        messageExpirySeconds: 0,
        payloadFormatIndicator: 1,
        subscriptionIdentifiers: [3, 4],
        userProperties: [
          ['room', 'hall'],
          ['room', 'attic']
        ]
      },
      english
    ),
    [
      ['Content type', 'text/plain'],
      ['Response topic', 'a/b'],
      ['Correlation data', '01 ff'],
      ['Expires in', '0 s'],
      ['Payload format', 'UTF-8'],
      ['Subscription ids', '3, 4'],
      ['User property', 'room = hall'],
      ['User property', 'room = attic']
    ]
  )
  t.strictSame(propertiesOf({ payloadFormatIndicator: 0 }, english), [['Payload format', 'bytes']])
})
