/** The doors in the checkup, word by word: ports, certificates, the network, and who may do what. */
import t from 'tap'
import { checkDoors } from '../../src/operating/checkup-doors.ts'
import type { AccessFacts, Facts, PortFacts } from '../../src/operating/facts.ts'
import { nextSteps, tellFindings } from '../../src/operating/finding.ts'
import { wellFacts } from '../fixtures/operating/facts.ts'

const day = 86_400_000
const silent: Pick<Facts, 'daemon'> = { daemon: { kind: 'silent' } }

/** What is told of a topic, and what to do. */
function told(about: string, changes: Partial<Facts>): readonly string[] {
  const findings = checkDoors({ ...wellFacts, ...changes }).filter(finding => finding.about === about)
  return [...tellFindings(findings), ...nextSteps(findings)]
}

t.test('ports', async t => {
  const port = (state: PortFacts['state']): Pick<Facts, 'ports'> => ({ ports: [{ name: 'MQTT', port: 1883, setting: 'mqtt-port', state }] })
  t.strictSame(told('Port 1883', port({ kind: 'answers' })), ['well     Port 1883: answers as MQTT.'])
  t.strictSame(told('Port 1883', { ...port({ kind: 'free' }), ...silent }), ['well     Port 1883: free for MQTT.'])
  t.strictSame(told('Port 1883', port({ kind: 'free' })), [
    'note     Port 1883: the daemon that runs has no MQTT there.',
    'Port 1883: name its own settings with --config.'
  ])
  t.match(told('Port 1883', port({ kind: 'mute' })), ['trouble  Port 1883: open, but does not answer as MQTT.', /journalctl/])
  t.strictSame(told('Port 1883', port({ kind: 'held', holder: 'mosquitto (process 77)' })), [
    'trouble  Port 1883: held by mosquitto (process 77).',
    'Port 1883: stop that program, or choose another port for MQTT with mqtt-port.'
  ])
  t.match(told('Port 1883', port({ kind: 'held', holder: undefined })), [
    'trouble  Port 1883: held by another program, whose name root may learn.',
    /stop/
  ])
})

t.test('certificates', async t => {
  const sound = (days: number): Pick<Facts, 'certificates'> => {
    return { certificates: [{ where: '/x.pem', read: { kind: 'sound', names: 'DNS:a', untilMs: wellFacts.nowMs + days * day } }] }
  }
  t.match(told('Certificate', sound(15)), [/^well .* good for 15 days\.$/])
  t.match(told('Certificate', sound(1)), [/good for 1 day\.$/, /have it renewed/])
  t.match(told('Certificate', sound(13)), [/^note .* good for 13 days\.$/, /have it renewed/])
  t.match(told('Certificate', sound(-1)), ['trouble  Certificate: /x.pem is for DNS:a, and has ended.', /have it renewed/])
  t.strictSame(told('Certificate', { certificates: [{ where: 'tls', read: { kind: 'fault', fault: '/x.pem: no certificate in PEM' } }] }), [
    'trouble  Certificate: tls: /x.pem: no certificate in PEM.',
    'Certificate: mend tls-cert and tls-key.'
  ])
})

t.test('the network', async t => {
  t.strictSame(told('Network', { network: { name: 'vm.local', isAnnounced: false, addresses: [], pages: [] }, ...silent }), [
    'note     Network: this machine has no address that others can reach.',
    'note     Network: nobody tells the house its name, vm.local.',
    'Network: plug in its network cable, or join a Wi-Fi.',
    'Network: sudo apt install avahi-daemon'
  ])
})

t.test('access', async t => {
  const access = (facts: Omit<AccessFacts, 'faults'>, faults: readonly string[] = []): readonly string[] =>
    told('Access', { access: { ...facts, faults } })
  t.match(access({ access: 'open', password: 'none' }), [
    'note     Access: anyone in this network may do anything (access = open).',
    /workshop/
  ])
  t.match(access({ access: 'read', password: 'none' }), [
    'note     Access: anyone in this network may see readings (access = read); nobody may change anything until there is a password.',
    'Access: set one on the page, or with: sudo wattslug passwd'
  ])
  t.match(access({ access: 'login', password: 'unusable' }), [
    'trouble  Access: whoever wants to see readings has to log in (access = login); the password cannot be read.',
    'Access: sudo wattslug passwd'
  ])
  t.match(access({ access: 'read', password: 'set' }, ['/x: line 3: no hash'])[1], 'trouble  Access: /x: line 3: no hash')
  t.match(access({ access: 'read', password: undefined }), ['well     Access: anyone in this network may see readings (access = read).'])
})
