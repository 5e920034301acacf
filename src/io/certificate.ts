/** A certificate and its key: reads both, and says what is wrong with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { open } from 'node:fs/promises'
import { limits } from '../limits.ts'

/** A certificate that its key fits. */
export interface Certificate {
  /** In PEM, with what stands behind it in the file: the certificates of those who signed it. */
  readonly cert: string
  readonly key: string
  /** Whom it is for, as it says itself. */
  readonly names: string
  readonly fromMs: number
  readonly toMs: number
}

/** A pair that cannot be used; the message names the file and the reason. */
export class CertificateError extends Error {}

/** Reads a pair of files. @throws CertificateError */
export async function readCertificate(certFile: string, keyFile: string): Promise<Certificate> {
  const [cert, key] = [await readText(certFile), await readText(keyFile)]
  const leaf = parse(certFile, 'no certificate in PEM', () => new X509Certificate(cert))
  if (!cert.includes('-----BEGIN CERTIFICATE-----')) throw new CertificateError(`${certFile}: no certificate in PEM`)
  if (!leaf.checkPrivateKey(parseKey(keyFile, key)))
    throw new CertificateError(`${keyFile}: this is the key of another certificate than the first in ${certFile}`)
  const names = leaf.subjectAltName ?? leaf.subject.replaceAll('\n', ', ')
  return { cert, key, names, fromMs: Date.parse(leaf.validFrom), toMs: Date.parse(leaf.validTo) }
}

function parseKey(file: string, key: string): KeyObject {
  if (key.includes('ENCRYPTED'))
    throw new CertificateError(`${file}: the key is encrypted; it must be plain, in a file that only wattslug can read`)
  return parse(file, 'no private key in PEM', () => createPrivateKey(key))
}

function parse<T>(file: string, fault: string, read: () => T): T {
  try {
    return read()
  } catch {
    throw new CertificateError(`${file}: ${fault}`) // not what OpenSSL says, which may quote the file
  }
}

/** Reads no more than a certificate may be long, whatever stands there. */
async function readText(file: string): Promise<string> {
  const buffer = Buffer.alloc(limits.certificateBytesMax + 1)
  let length: number
  try {
    const handle = await open(file)
    try {
      length = (await handle.read(buffer, 0, buffer.length, 0)).bytesRead
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new CertificateError(`${file}: ${whyUnreadable(error as NodeJS.ErrnoException)}`)
  }
  if (length > limits.certificateBytesMax) throw new CertificateError(`${file}: longer than ${limits.certificateBytesMax} bytes`)
  return buffer.toString('latin1', 0, length)
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EACCES' ? 'wattslug may not read it' : message
}
