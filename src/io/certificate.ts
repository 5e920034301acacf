/** A certificate and its key: reads both, and says what is wrong with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { limits } from '../limits.ts'
import { readNamedFile } from './named-file.ts'

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
  const [cert, key] = [readText(certFile), readText(keyFile)]
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

function readText(file: string): string {
  try {
    return readNamedFile(file, limits.certificateBytesMax).toString('latin1')
  } catch (error) {
    const { message, cause } = error as Error
    throw new CertificateError(`${file}: ${message}`, { cause })
  }
}
