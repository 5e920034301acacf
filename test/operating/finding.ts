/** How findings are told, and what is to be done first. */
import t from 'tap'
import { type Finding, nextSteps, tellFindings } from '../../src/operating/finding.ts'

const findings: readonly Finding[] = [
  { level: 'well', about: 'Clock', text: 'set.' },
  { level: 'note', about: 'Network', text: 'no name.', next: 'install Avahi.' },
  { level: 'trouble', about: 'Port 1883', text: 'held.', next: 'stop it.' },
  { level: 'note', about: 'Store', text: 'new.' }
]

t.test('each is a line with its level before it', async t => {
  t.strictSame(tellFindings(findings), [
    'well     Clock: set.',
    'note     Network: no name.',
    'trouble  Port 1883: held.',
    'note     Store: new.'
  ])
})

t.test('what is in trouble is to be done first', async t => {
  t.strictSame(nextSteps(findings), ['Port 1883: stop it.', 'Network: install Avahi.'])
})
