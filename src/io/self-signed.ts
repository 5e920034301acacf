/** A certificate of one's own, for a house where nobody gives any: an authority that may speak for this house only, and what it signs. */
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../limits.ts'
import { type Certificate, CertificateError, readCertificate } from './certificate.ts'
import { attempt } from './ports.ts'

/** Networks of homes, as OpenSSL wants them. */
const homeNetworks = [
  '10.0.0.0/255.0.0.0',
  '172.16.0.0/255.240.0.0',
  '192.168.0.0/255.255.0.0',
  '169.254.0.0/255.255.0.0',
  '127.0.0.0/255.0.0.0'
]
const homeAddress = /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|169\.254\.|127\.)/

const dayMs = 24 * 3_600_000

/**
 * Answers the certificate that is kept in a folder. One is made when there is none, when it ends soon, and when this machine has a name or
 * an address that it lacks; the authority that signs it stays the same for ten years, so that clients need its `ca.crt` once.
 * @throws CertificateError
 */
export async function ownCertificate(folder: string, nowMs: number): Promise<Certificate> {
  const names = ownNames()
  const kept = await readKept(folder, 'server', nowMs)
  const isSigned = await hasAuthority(folder, nowMs, kept)
  if (kept && isSigned && names.every(name => isNamed(kept, name))) return kept
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (!(await hasAuthority(folder, nowMs))) await makeAuthority(folder)
    await makeServer(folder, names)
  } catch (error) {
    throw new CertificateError(
      `${folder}: no certificate can be made there: ${whyNot(error as NodeJS.ErrnoException & { stderr?: string })}`
    )
  }
  return await readCertificate(join(folder, 'server.crt'), join(folder, 'server.key'))
}

/** What is kept under a name, unless it ends soon. */
async function readKept(folder: string, name: string, nowMs: number): Promise<Certificate | undefined> {
  const kept = await readCertificate(join(folder, `${name}.crt`), join(folder, `${name}.key`)).catch(() => undefined)
  return kept && kept.toMs - nowMs > limits.certificateEndingMs ? kept : undefined
}

/** Whether there is an authority of this machine's name, for one of another may not speak for it; and whether a certificate is what it gives now. */
async function hasAuthority(folder: string, nowMs: number, signed?: Certificate): Promise<boolean> {
  const authority = await readKept(folder, 'ca', nowMs)
  if (authority?.names !== `CN=${authorityName()}`) return false
  // A clock that ran ahead for a while leaves one that is good in years only; the authority, which clients have, is older.
  if (signed && signed.fromMs > nowMs && authority.fromMs <= nowMs) return false
  return !signed || new X509Certificate(signed.cert).verify(new X509Certificate(authority.cert).publicKey)
}

function authorityName(): string {
  return `wattslug at ${houseName()}`.slice(0, 64) // no name in a certificate is longer
}

/** This machine's name, if it is one that a certificate may have. */
function houseName(): string {
  const name = hostname().toLowerCase()
  return /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/.test(name) ? name : 'wattslug'
}

function isNamed({ names }: Certificate, name: string): boolean {
  return names.split(', ').includes(name.replace(/^IP:/, 'IP Address:'))
}

/** This machine's names and its addresses within the house; an address of IPv6 changes daily, and nobody types it. */
function ownNames(): readonly string[] {
  const name = houseName()
  const [short = name] = name.split('.', 1)
  const addresses = Object.values(attempt(networkInterfaces) ?? {}).flatMap(list => (list ?? []).map(({ address }) => address))
  const names = new Set(['localhost', name, short, `${short}.local`].map(each => `DNS:${each}`))
  for (const address of addresses) if (homeAddress.test(address)) names.add(`IP:${address}`)
  return [...names].slice(0, limits.certificateNamesMax)
}

/**
 * It may speak for names and addresses of this house alone, so that whoever steals it cannot pass as a bank to a phone that trusts it.
 * This is not marked as critical, for small devices refuse what they do not know.
 */
async function makeAuthority(folder: string): Promise<void> {
  const permitted = [...ownNames().filter(name => name.startsWith('DNS:')), ...homeNetworks.map(network => `IP:${network}`)].map(
    each => `permitted;${each}`
  )
  await make(folder, 'ca', authorityName(), limits.certificateAuthorityMs, [
    'basicConstraints = critical, CA:TRUE, pathlen:0',
    'keyUsage = critical, keyCertSign',
    'subjectKeyIdentifier = hash',
    `nameConstraints = ${permitted.join(', ')}`
  ])
}

async function makeServer(folder: string, names: readonly string[]): Promise<void> {
  const extensions = [
    'basicConstraints = critical, CA:FALSE',
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = serverAuth',
    'authorityKeyIdentifier = keyid',
    `subjectAltName = ${names.join(', ')}`
  ]
  await make(folder, 'server', 'wattslug', limits.certificateOwnMs, extensions, [
    '-CA',
    join(folder, 'ca.crt'),
    '-CAkey',
    join(folder, 'ca.key')
  ])
}

/** Has openssl make a key and its certificate. Both get their names when they are whole; a key is never anybody else's to read. */
async function make(
  folder: string,
  name: string,
  subject: string,
  ms: number,
  extensions: readonly string[],
  signer: readonly string[] = []
): Promise<void> {
  const path = (suffix: string): string => join(folder, `${name}.${suffix}`)
  const request = [
    '[req]',
    'prompt = no',
    'distinguished_name = name',
    'x509_extensions = extensions',
    '[name]',
    `CN = ${subject}`,
    '[extensions]'
  ]
  await writeFile(path('new.conf'), `${[...request, ...extensions].join('\n')}\n`)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path('new.key'), '-out', path('new.crt')]
  const serial = ['-days', String(Math.floor(ms / dayMs)), '-sha256']
  const options = { timeout: limits.certificateMakeMs, killSignal: 'SIGKILL' } as const
  try {
    await promisify(execFile)('openssl', ['req', '-x509', '-config', path('new.conf'), ...key, ...serial, ...signer], options)
    await rename(path('new.key'), path('key'))
    await rename(path('new.crt'), path('crt'))
  } finally {
    await rm(path('new.conf'), { force: true })
  }
}

function whyNot({ code, path, stderr, message }: NodeJS.ErrnoException & { stderr?: string }): string {
  if (code === 'ENOENT' && path === 'openssl') return 'the program openssl is missing: apt install openssl'
  return stderr?.trim().split('\n').at(-1) || message
}
