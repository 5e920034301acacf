/** The checkup, word by word: a house where all is well, and one thing after the other that is not. */
import t from 'tap'
import { examine } from '../../src/operating/checkup.ts'
import type { Facts } from '../../src/operating/facts.ts'
import { nextSteps, tellFindings } from '../../src/operating/finding.ts'
import { wellFacts } from '../fixtures/operating/facts.ts'

const day = 86_400_000

/** What is told of a topic, and what to do. */
function told(about: string, changes: Partial<Facts>): { readonly lines: readonly string[]; readonly next: readonly string[] } {
  const findings = examine({ ...wellFacts, ...changes }).filter(finding => finding.about === about)
  return { lines: tellFindings(findings), next: nextSteps(findings) }
}

t.test('all is well', async t => {
  const findings = examine(wellFacts)
  t.strictSame(tellFindings(findings), [
    'well     Version: wattslug 1.2.3, Node v20.19.2, Linux 6.12.0 on arm64, Raspberry Pi 3 Model B.',
    'well     Settings: /etc/wattslug.toml is sound; all are as they come.',
    'well     Service: active for 3 d.',
    'well     Daemon: answers at http://127.0.0.1/, up for 3 d.',
    "well     Memory: the daemon has 52.0 MB, 14.0 MB of it its own; clients and meters add at most 77.6 MB; its ceiling is 111.1 MB, of which it is charged 60.0 MB with its files' cache.",
    "well     Memory: 600.0 MB of the machine's 1.0 GB are available.",
    'well     Store: open: what must outlive a restart is in /var/lib/wattslug/store.',
    'well     Store: 2.0 MB in /var/lib/wattslug, last written 12 s ago.',
    'well     Store: 9.0 GB are free on its disk.',
    'well     Clock: set by a time server; the zone is Europe/London.',
    'well     Port 80: answers as the page.',
    'well     Certificate: port 8443 is for DNS:meter.local, and good for 90 days.',
    'well     Network: addresses: 192.168.1.20.',
    'well     Network: the house knows it as meter.local.',
    'well     Network: the page is at http://meter.local/ or http://192.168.1.20/',
    'well     Access: anyone in this network may see readings (access = read); changes need the password.'
  ])
  t.strictSame(nextSteps(findings), [])
})

t.test('versions', async t => {
  const { versions } = wellFacts
  t.strictSame(told('Version', { versions: { ...versions, daemon: '1.2.2', board: undefined } }), {
    lines: [
      'well     Version: wattslug 1.2.3, Node v20.19.2, Linux 6.12.0 on arm64.',
      'note     Version: the daemon that runs is 1.2.2, and this is 1.2.3.'
    ],
    next: ['Version: systemctl restart wattslug']
  })
  const broken = [{ addon: 'the store', fault: 'no prebuild' }]
  t.strictSame(told('Version', { versions: { ...versions, daemon: undefined, broken } }), {
    lines: [
      'well     Version: wattslug 1.2.3, Node v20.19.2, Linux 6.12.0 on arm64, Raspberry Pi 3 Model B.',
      'trouble  Version: the addon for the store cannot be loaded (no prebuild).'
    ],
    next: ['Version: install the package that was made for this architecture.']
  })
})

t.test('settings', async t => {
  t.strictSame(
    told('Settings', {
      settings: { file: undefined, fault: undefined, notices: ['prot is called port now'], changed: ['mqtt-port = 1884', 'zone = UTC'] }
    }),
    {
      lines: ['well     Settings: no file; changed: mqtt-port = 1884, zone = UTC.', 'note     Settings: prot is called port now'],
      next: []
    }
  )
  t.strictSame(told('Settings', { settings: { file: '/x', fault: '/x: unknown setting: prot', notices: [], changed: [] } }), {
    lines: ['trouble  Settings: /x: unknown setting: prot'],
    next: ['Settings: mend that: until then the daemon does not start.']
  })
})

t.test('the service', async t => {
  const installed = { kind: 'installed', active: 'failed', enabled: 'disabled', restarts: 1, pid: undefined, sinceMs: undefined } as const
  t.strictSame(told('Service', { service: { kind: 'no systemd' } }), { lines: [], next: [] })
  t.strictSame(told('Service', { service: { kind: 'not installed' } }).lines, ['note     Service: systemd knows no wattslug.service.'])
  t.strictSame(told('Service', { service: installed }), {
    lines: [
      'trouble  Service: failed.',
      'note     Service: disabled: it does not start with the machine.',
      'note     Service: systemd has started it anew once.'
    ],
    next: [
      'Service: sudo systemctl start wattslug; journalctl -u wattslug -n 50 tells why it stopped.',
      'Service: sudo systemctl enable wattslug',
      'Service: journalctl -u wattslug -p warning tells why.'
    ]
  })
  t.strictSame(told('Service', { service: { ...installed, active: 'activating', enabled: 'enabled', restarts: 7 } }).lines, [
    'note     Service: activating.',
    'note     Service: systemd has started it anew 7 times.'
  ])
})

t.test('the daemon', async t => {
  t.strictSame(told('Daemon', { daemon: { kind: 'running', address: 'http://[::1]:8080/', upMs: undefined } }).lines, [
    'well     Daemon: answers at http://[::1]:8080/.'
  ])
  t.match(told('Daemon', { daemon: { kind: 'silent' } }), {
    lines: ['trouble  Daemon: the service is active, but no wattslug answers.'],
    next: [/^Daemon: sudo wattslug doctor/]
  })
  const stopped = { kind: 'installed', active: 'inactive', enabled: 'enabled', restarts: 0, pid: undefined, sinceMs: undefined } as const
  for (const service of [{ kind: 'no systemd' } as const, stopped])
    t.match(told('Daemon', { daemon: { kind: 'silent' }, service }), {
      lines: ['note     Daemon: no wattslug runs here.'],
      next: ['Daemon: start it: systemctl start wattslug, or wattslug run.']
    })
})

t.test('memory', async t => {
  const { memory } = wellFacts
  const unseen = { anonymousBytes: undefined, ceilingBytes: undefined, chargedBytes: undefined, kills: undefined }
  t.strictSame(
    told('Memory', { memory: { ...memory, ...unseen } }).lines[0],
    'well     Memory: the daemon has 52.0 MB; clients and meters add at most 77.6 MB.'
  )
  t.strictSame(told('Memory', { memory: { ...memory, ...unseen, residentBytes: undefined, availableBytes: 8e6 } }), {
    lines: ["note     Memory: only 8.0 MB of the machine's 1.0 GB are available."],
    next: ['Memory: stop what else runs here.']
  })
  t.match(told('Memory', { memory: { ...memory, anonymousBytes: 105e6, chargedBytes: undefined, kills: 2 } }), {
    lines: [
      /its ceiling is 111\.1 MB\.$/,
      'trouble  Memory: the daemon is close to its ceiling.',
      'note     Memory: it was ended 2 times for taking more than its ceiling.',
      /are available/
    ],
    next: [/^Memory: raise MemoryMax/, /^Memory: raise MemoryMax/]
  })
  t.match(told('Memory', { memory: { ...memory, kills: 1 } }).lines, [/./, /it was ended once for taking/])
})

t.test('the store', async t => {
  const { store } = wellFacts
  t.strictSame(told('Store', { store: { ...store, seen: { kind: 'hidden' }, freeBytes: undefined, told: undefined } }), {
    lines: ['note     Store: this user may not look into /var/lib/wattslug.'],
    next: ['Store: sudo wattslug doctor tells more.']
  })
  t.strictSame(
    told('Store', {
      store: { ...store, seen: { kind: 'missing' }, freeBytes: 31e6, told: { state: 'failing', message: 'No space left' } }
    }),
    {
      lines: [
        'trouble  Store: failing: No space left.',
        'note     Store: there is nothing in /var/lib/wattslug yet.',
        'trouble  Store: only 31.0 MB are free on its disk.'
      ],
      next: [
        'Store: look at the disk: nothing new is kept until it can be written.',
        'Store: make room: history is kept as long as there is some.'
      ]
    }
  )
  const seen = (writtenMs: number | undefined) =>
    told('Store', { store: { ...store, told: undefined, seen: { kind: 'seen', bytes: 0, writtenMs } } }).lines[0]
  t.equal(seen(undefined), 'well     Store: 0 kB in /var/lib/wattslug.')
  t.equal(seen(wellFacts.nowMs + day), 'well     Store: 0 kB in /var/lib/wattslug, last written 0 s ago.', 'by a clock that was set back')
})

t.test('the clock', async t => {
  const zone = 'UTC'
  t.match(told('Clock', { clock: { isSet: false, isSynchronised: false, zone } }), {
    lines: ['trouble  Clock: it is not set, and history begins once it is.'],
    next: [/time server/]
  })
  t.match(told('Clock', { clock: { isSet: true, isSynchronised: false, zone } }), {
    lines: ['note     Clock: set, but by no time server; the zone is UTC.'],
    next: [/time server/]
  })
  t.strictSame(told('Clock', { clock: { isSet: true, isSynchronised: undefined, zone } }).lines, ['well     Clock: set; the zone is UTC.'])
})
