/** Asks the daemon that runs on this machine, over its HTTP API. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import type { ApiFault } from '../api.ts'
import { limits } from '../limits.ts'
import { type Key, readKey } from './key.ts'
import { isActive } from './service.ts'

/** A daemon that answered. */
export interface Daemon {
  readonly hostname: string
  readonly port: number
  /** There when this user may read it: then everything is allowed. */
  readonly key: Key | undefined
  /** What is sent to show who asks. */
  readonly authorization: string | undefined
}

/** What it answered, whole. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/** Where to look. */
export interface Place {
  readonly host: string
  readonly httpPort: number
  readonly state: string
}

/** The port at which systemd listens for the service. */
const servicePort = 80

/** Finds it: by its key, at the port of the settings, or at that of the service. */
export async function findDaemon({ host, httpPort, state }: Place): Promise<Daemon | undefined> {
  const key = readKey(state)
  const ports = [key?.httpPort, httpPort]
  // Systemd would start a service that was stopped as soon as somebody asks at its port.
  if (await isActive('service')) ports.push(servicePort)
  for (const port of new Set(ports)) {
    if (port === undefined || port === 0) continue
    for (const hostname of new Set([localName(host), '127.0.0.1'])) {
      const daemon = { hostname, port, key: undefined, authorization: undefined }
      if ((await ask(daemon, '/health')) === undefined) continue
      return key?.httpPort === port ? { ...withPassword(daemon, key.secret), key } : daemon
    }
  }
  return undefined
}

/** Where this machine reaches what listens at a host. */
export function localName(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
}

/** The same, asked by whoever knows the password. */
export function withPassword(daemon: Daemon, password: string): Daemon {
  return { ...daemon, authorization: `Basic ${Buffer.from(`owner:${password}`).toString('base64')}` }
}

/** As it stands in an address. */
export function addressOf({ hostname, port }: Pick<Daemon, 'hostname' | 'port'>): string {
  return `http://${hostname.includes(':') ? `[${hostname}]` : hostname}${port === servicePort ? '' : `:${port}`}/`
}

/** Asks for something short; `undefined` when no wattslug answers, or not to the end. */
export async function ask(daemon: Daemon, path: string): Promise<Answer | undefined> {
  try {
    const response = await send(daemon, { path, timeout: limits.doctorAskMs })
    // Metrics are no JSON, and have no marker: who asks for them knows already whom they ask.
    const isOurs = response.headers['x-wattslug'] !== undefined || path === '/metrics'
    const text = await readAll(response)
    return isOurs ? { status: response.statusCode ?? 0, text } : undefined
  } catch {
    return undefined
  }
}

/** Asks for JSON; `undefined` also when it is refused. An answer that was cut short is none. */
export async function askFor<T>(daemon: Daemon, path: string): Promise<T | undefined> {
  return readAnswer<T>(await ask(daemon, path))
}

/** What an answer says, if it says what was asked for: /health does with a 503 of its own, which elsewhere is a refusal. */
export function readAnswer<T>(answer: Answer | undefined): T | undefined {
  if (answer === undefined || !(answer.status === 200 || answer.status === 503)) return undefined
  try {
    const value = JSON.parse(answer.text) as T & Partial<ApiFault>
    return value.error === undefined ? value : undefined
  } catch {
    return undefined
  }
}

/** What to say when there is none. */
export const noDaemon =
  'no wattslug answers here. Start it first (sudo systemctl start wattslug, or wattslug run), or name its --state, --http-port and --host'

/** Sends a request; resolves when the head of its answer is there. @param write sends the body */
export function send(
  { hostname, port, authorization }: Daemon,
  options: RequestOptions,
  write = (sent: ReturnType<typeof request>): unknown => sent.end()
): Promise<IncomingMessage> {
  const headers = { ...options.headers, ...(authorization === undefined ? {} : { Authorization: authorization }) }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, hostname, port, headers, agent: false }, resolve)
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    write(sent)
  })
}

/** Reads what is short. @throws Error when it is too long, or ends early */
export async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const part of response) {
    text += part
    if (text.length > limits.doctorAnswerBytesMax) throw new Error('the answer is too long')
  }
  return text
}
