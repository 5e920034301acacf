/** The part of the checkup that looks at the doors: ports, certificates, the network, and who may do what. */
import { limits } from '../limits.ts'
import { describeCount } from './amounts.ts'
import type { AccessFacts, CertificateFacts, Facts, NetworkFacts, PortFacts } from './facts.ts'
import type { Finding } from './finding.ts'

/** Judges them. */
export function checkDoors({ ports, certificates, network, access, daemon, nowMs }: Facts): readonly Finding[] {
  const isRunning = daemon.kind === 'running'
  return [
    ...ports.map(port => ofPort(port, isRunning)),
    ...certificates.map(certificate => ofCertificate(certificate, nowMs)),
    ...ofNetwork(network, isRunning),
    ofAccess(access),
    ...access.faults.map(
      (text): Finding => ({ level: 'trouble', about: 'Access', text, next: 'mend that: until then the daemon does not start.' })
    )
  ]
}

function ofPort({ name, port, setting, state }: PortFacts, isRunning: boolean): Finding {
  const about = `Port ${port}`
  switch (state.kind) {
    case 'answers':
      return { level: 'well', about, text: `answers as ${name}.` }
    case 'free':
      if (!isRunning) return { level: 'well', about, text: `free for ${name}.` }
      return { level: 'note', about, text: `the daemon that runs has no ${name} there.`, next: 'name its own settings with --config.' }
    case 'mute':
      return {
        level: 'trouble',
        about,
        text: `open, but does not answer as ${name}.`,
        next: 'journalctl -u wattslug -n 50 tells what it does.'
      }
    case 'held':
      return {
        ...{ level: 'trouble', about, text: `held by ${state.holder ?? 'another program, whose name root may learn'}.` },
        next: `stop that program, or choose another port for ${name} with ${setting}.`
      }
  }
}

function ofCertificate({ where, read }: CertificateFacts, nowMs: number): Finding {
  const about = 'Certificate'
  if (read.kind === 'fault') return { level: 'trouble', about, text: `${where}: ${read.fault}.`, next: 'mend tls-cert and tls-key.' }
  const days = Math.floor((read.untilMs - nowMs) / 86_400_000)
  const text = `${where} is for ${read.names}, and ${days < 0 ? 'has ended' : `good for ${describeCount(days, 'day')}`}.`
  if (read.untilMs - nowMs > limits.certificateEndingMs) return { level: 'well', about, text }
  return { level: days < 0 ? 'trouble' : 'note', about, text, next: 'have it renewed; the daemon takes the new one by itself.' }
}

function ofNetwork({ name, isAnnounced, addresses, pages }: NetworkFacts, isRunning: boolean): readonly Finding[] {
  const about = 'Network'
  const where: Finding =
    addresses.length === 0
      ? {
          level: 'note',
          about,
          text: 'this machine has no address that others can reach.',
          next: 'plug in its network cable, or join a Wi-Fi.'
        }
      : { level: 'well', about, text: `addresses: ${addresses.join(', ')}.` }
  const called: Finding = isAnnounced
    ? { level: 'well', about, text: `the house knows it as ${name}.` }
    : { level: 'note', about, text: `nobody tells the house its name, ${name}.`, next: 'sudo apt install avahi-daemon' }
  const page: Finding = { level: 'well', about, text: `the page is at ${pages.join(' or ')}` }
  return [where, called, ...(isRunning ? [page] : [])]
}

const accessTold = {
  open: 'anyone in this network may do anything',
  read: 'anyone in this network may see readings',
  login: 'whoever wants to see readings has to log in'
} as const

function ofAccess({ access, password }: AccessFacts): Finding {
  const about = 'Access'
  const text = `${accessTold[access]} (access = ${access})`
  if (access === 'open')
    return { level: 'note', about, text: `${text}.`, next: 'leave access out of the settings, unless this is a workshop.' }
  switch (password) {
    case 'set':
      return { level: 'well', about, text: `${text}; changes need the password.` }
    case 'none':
      return {
        ...{ level: 'note', about, text: `${text}; nobody may change anything until there is a password.` },
        next: 'set one on the page, or with: sudo wattslug passwd'
      }
    case 'unusable':
      return { level: 'trouble', about, text: `${text}; the password cannot be read.`, next: 'sudo wattslug passwd' }
    case undefined:
      return { level: 'well', about, text: `${text}.` }
  }
}
