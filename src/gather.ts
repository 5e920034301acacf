/** Gathers the facts for the checkup: from the daemon if one runs, and from this machine as far as this user may look. */
import type { AccessAnswer, DeviceAnswer } from './api.ts'
import type { Config } from './config.ts'
import { addressOf, askFor, type Daemon, localName } from './io/ask.ts'
import { readCertificate } from './io/certificate.ts'
import { askMqtt, askTls, listenerAt } from './io/listeners.ts'
import { readAddresses, readClock, readMemory, readName, readStore, readVersions } from './io/machine.ts'
import { readPassword } from './io/password.ts'
import { isActive, readService } from './io/service.ts'
import { readAcl, readUsers } from './io/users.ts'
import { limits } from './limits.ts'
import type { AccessFacts, CertificateFacts, Facts, NetworkFacts, PortFacts, SettingsFacts } from './operating/facts.ts'

/** Gathers them. @param daemon the one that runs @param nowMs the time of day */
export async function gatherFacts(
  config: Config,
  settings: SettingsFacts,
  daemon: Daemon | undefined,
  version: string,
  nowMs: number
): Promise<Facts> {
  const device = daemon && (await askFor<DeviceAnswer>(daemon, '/api/device'))
  const service = await readService(nowMs)
  const pid = daemon?.key?.pid ?? (service.kind === 'installed' ? service.pid : undefined)
  const store = await readStore(config.state, device?.store)
  return {
    ...{ nowMs, settings, service, store },
    versions: await readVersions(version, device?.version),
    daemon: daemon ? { kind: 'running', address: addressOf(daemon), upMs: device && device.upSeconds * 1_000 } : { kind: 'silent' },
    ports: await lookAtPorts(config, daemon),
    memory: readMemory(pid, device?.memory.residentBytes, device?.memory.heldBytesMax ?? limits.heldBytesMax),
    clock: await readClock(nowMs, device?.zone ?? config.zone),
    certificates: await lookAtCertificates(config, daemon),
    network: lookAtNetwork(config, daemon),
    access: await lookAtAccess(config, daemon, store.seen.kind === 'hidden')
  }
}

async function lookAtPorts(config: Config, daemon: Daemon | undefined): Promise<readonly PortFacts[]> {
  const { host, mqttPort, httpPort, mqttsPort, httpsPort, tls } = config
  const page = {
    name: 'the page',
    setting: 'http-port',
    isSecure: false,
    port: daemon?.port ?? ((await isActive('socket')) ? 0 : httpPort)
  }
  const wanted = [
    page,
    { name: 'MQTT', setting: 'mqtt-port', isSecure: false, port: daemon?.key?.mqttPort ?? mqttPort },
    ...(tls.kind === 'none'
      ? []
      : [
          { name: 'the page over TLS', setting: 'https-port', isSecure: true, port: httpsPort },
          { name: 'MQTT over TLS', setting: 'mqtts-port', isSecure: true, port: mqttsPort }
        ])
  ]
  const at = daemon?.hostname ?? localName(host)
  const look = async ({ isSecure, ...row }: (typeof wanted)[number]): Promise<PortFacts> => {
    if (daemon && row.name === page.name) return { ...row, state: { kind: 'answers' } }
    const kind = isSecure ? (await askTls(at, row.port)).kind : await askMqtt(at, row.port)
    const isOurs = daemon !== undefined || kind === 'free'
    return { ...row, state: isOurs ? { kind } : { kind: 'held', holder: listenerAt(row.port) } }
  }
  return Promise.all(wanted.filter(({ port }) => port !== 0).map(look))
}

/** Those that are shown by the daemon that runs; or the one that the settings name. */
async function lookAtCertificates({ tls, httpsPort }: Config, daemon: Daemon | undefined): Promise<readonly CertificateFacts[]> {
  if (daemon && tls.kind !== 'none' && httpsPort !== 0) {
    const shown = await askTls(daemon.hostname, httpsPort)
    return shown.kind === 'answers' ? [{ where: `port ${httpsPort}`, read: { kind: 'sound', ...shown.certificate } }] : []
  }
  if (tls.kind !== 'files') return []
  try {
    const { names, toMs } = await readCertificate(tls.cert, tls.key)
    return [{ where: tls.cert, read: { kind: 'sound', names, untilMs: toMs } }]
  } catch (error) {
    return isHidden(error as Error) ? [] : [{ where: 'tls', read: { kind: 'fault', fault: (error as Error).message } }]
  }
}

function lookAtNetwork({ host, httpPort, tls, httpsPort }: Config, daemon: Daemon | undefined): NetworkFacts {
  const addresses = readAddresses()
  const told = readName()
  // At another port than the settings' systemd listens for it, at every address.
  const isEverywhere = host === '0.0.0.0' || host === '::' || (httpPort !== 0 && daemon !== undefined && daemon.port !== httpPort)
  const hosts = isEverywhere ? [...(told.isAnnounced ? [told.name] : []), ...addresses.filter(address => !address.includes(':'))] : [host]
  const pages = hosts.flatMap(hostname => [
    ...(daemon ? [addressOf({ hostname, port: daemon.port })] : []),
    ...(tls.kind === 'none' ? [] : [`https://${hostname}:${httpsPort}/`])
  ])
  return { ...told, addresses, pages: pages.length > 0 ? pages : daemon ? [addressOf(daemon)] : [] }
}

/** @param isHidden this user may not look into the state folder */
async function lookAtAccess({ access, state, users, acl }: Config, daemon: Daemon | undefined, isHidden: boolean): Promise<AccessFacts> {
  const told = daemon && (await askFor<AccessAnswer>(daemon, '/api/access'))
  const faults = [...faultIn(users, readUsers), ...faultIn(acl, readAcl)]
  if (told) return { access: told.access, password: told.password, faults }
  return { access, password: isHidden ? undefined : readPassword(state).kind, faults }
}

/** What is wrong with a file, as far as this user may read it. */
function faultIn(file: string | undefined, read: (file: string) => unknown): readonly string[] {
  if (file === undefined) return []
  try {
    read(file)
    return []
  } catch (error) {
    return isHidden(error as Error) ? [] : [(error as Error).message]
  }
}

/** This user may not read it; the daemon may. */
function isHidden({ cause }: Error): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES'
}
