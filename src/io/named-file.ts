/** Files that somebody names: reads one within a bound, and says in plain words why one cannot be read or written. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'

/** Reads a plain file whole; a pipe or a device could keep everybody waiting, or never end. @throws Error in plain words, caused by the system's */
export function readNamedFile(file: string, bytesMax: number): Buffer {
  const bytes = Buffer.alloc(bytesMax + 1)
  let length = 0
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK) // else a pipe is waited for
    try {
      refuseOthers(fstatSync(descriptor))
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(descriptor, bytes, length, bytes.length - length, null)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new Error(whyUnreadable(error as Error), { cause: error })
  }
  if (length > bytesMax) throw new Error(`longer than ${bytesMax} bytes`)
  return bytes.subarray(0, length)
}

/** Why a file cannot be read. */
export function whyUnreadable(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file'
    case 'EACCES':
    case 'EPERM':
      return 'wattslug may not read it'
    case 'EISDIR':
      return 'this is a folder, and no file'
    case 'ENXIO':
      return 'this is no plain file'
    default:
      return error.message
  }
}

/** Why a file cannot be written. */
export function whyUnwritable(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such folder'
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there'
    case 'EISDIR':
      return 'this is a folder, and no file'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full'
    case 'EROFS':
      return 'the disk is read-only'
    default:
      return error.message
  }
}

function refuseOthers(stats: Stats): void {
  if (stats.isDirectory()) throw new Error('this is a folder, and no file')
  if (!stats.isFile()) throw new Error('this is no plain file')
}
