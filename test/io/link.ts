/** The double that the other tests write to is a link as the real ones are. */
import t from 'tap'
import type { Link } from '../../src/io/link.ts'
import { DoubleLink } from '../fixtures/io/double-link.ts'
import { testLink } from '../fixtures/io/link-suite.ts'
import type { Peer } from '../fixtures/io/peers.ts'

await testLink(t, {
  name: 'the double',
  async open() {
    const double = new DoubleLink('bare')
    let isClosed = false
    const link: Link = {
      framing: double.framing,
      takesOneWrite: double.takesOneWrite,
      peer: double.peer,
      own: owner =>
        double.own({
          received: chunk => owner.received(chunk),
          written: () => owner.written(),
          violated: () => owner.violated(),
          closed() {
            isClosed = true
            owner.closed()
          }
        }),
      write: pieces => double.write(pieces),
      pause: () => double.pause(),
      resume: () => double.resume(),
      end: reason => double.end(reason)
    }
    const peer: Peer = {
      send: bytes => double.send(bytes),
      chunks: double.arrived,
      pause() {
        double.room = 100_000
      },
      resume: () => double.take(Number.POSITIVE_INFINITY),
      end: () => double.cut(),
      reset: () => double.cut(),
      get isClosed() {
        return isClosed
      },
      code: undefined
    }
    return { link, peer }
  }
})
