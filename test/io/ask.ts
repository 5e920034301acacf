/** What the daemon that runs is asked: what is an answer, and what is none. */
import t from 'tap'
import { readAnswer } from '../../src/io/ask.ts'

t.test('an answer is what was asked for, and not why it was refused', async t => {
  t.strictSame(readAnswer({ status: 200, text: '{"sensors":[]}' }), { sensors: [] })
  t.strictSame(readAnswer({ status: 503, text: '{"status":"bad"}' }), { status: 'bad' }, 'the daemon is not well, and says so')
  t.equal(readAnswer({ status: 503, text: '{"error":"a restore is under way"}' }), undefined)
  t.equal(readAnswer({ status: 401, text: '{"error":"that is not the password"}' }), undefined)
  t.equal(readAnswer({ status: 503, text: 'Too many ask at once.\n' }), undefined)
  t.equal(readAnswer(undefined), undefined)
})
