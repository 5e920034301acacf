/** PNG files, smaller. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** The same PNG, its pixels compressed as well as zlib can: the browser is in a hurry. */
export const packed = png => {
  const chunks = chunksOf(png)
  const first = chunks.findIndex(({ type }) => type === 'IDAT')
  const pixels = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body))
  const others = chunks.filter(({ type }) => type !== 'IDAT')
  others.splice(first, 0, { type: 'IDAT', body: deflateSync(inflateSync(pixels), { level: 9, memLevel: 9 }) })
  return Buffer.concat([png.subarray(0, signatureBytes), ...others.map(chunk)])
}

/** A PNG is a signature and then chunks: length (4 bytes), type (4), body, checksum of type and body (4). */
const signatureBytes = 8
const chunksOf = png => {
  const chunks = []
  for (let at = signatureBytes; at < png.length; at += 12 + png.readUInt32BE(at)) {
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), body: png.subarray(at + 8, at + 8 + png.readUInt32BE(at)) })
  }
  return chunks
}

const chunk = ({ type, body }) => {
  const bytes = Buffer.alloc(12 + body.length)
  bytes.writeUInt32BE(body.length)
  bytes.write(type, 4, 'latin1')
  body.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + body.length)), 8 + body.length)
  return bytes
}
