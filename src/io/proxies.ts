/** Who a client is behind proxies: `X-Forwarded-For` counts as far as it was written by proxies that are trusted. */
import { BlockList, isIP } from 'node:net'

/** The proxies that are trusted. */
export interface Proxies {
  check(address: string, family: 'ipv4' | 'ipv6'): boolean
}

/** Trusts addresses, such as `127.0.0.1`, and networks, such as `10.0.0.0/8`. @throws Error when one of the list is neither */
export function makeProxies(list: readonly string[]): Proxies {
  const proxies = new BlockList()
  for (const each of list) {
    const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(each) ?? []
    const version = isIP(address)
    const bits = version === 4 ? 32 : 128
    if (version === 0 || Number(prefix ?? 0) > bits) throw new Error(`${each} is no address and no network`)
    proxies.addSubnet(address, Number(prefix ?? bits), version === 4 ? 'ipv4' : 'ipv6')
  }
  return proxies
}

/**
 * The address of whoever began a request. Each proxy adds, on the right, whom it heard it from; the first from there that is
 * no proxy of ours is the client, since what stands left of it is only said. A list that is ill-formed counts for nothing.
 * @param peer the address at the other end of the socket @param forwarded the header, if there is one
 */
export function clientAddress(peer: string, forwarded: string | undefined, proxies: Proxies): string {
  const socket = plainAddress(peer) ?? peer
  if (forwarded === undefined || !isTrustedPeer(peer, proxies)) return socket
  const said = forwarded.split(',').map(each => plainAddress(each.trim()))
  for (const address of said.reverse()) {
    if (address === undefined) return socket
    if (!isTrusted(address, proxies)) return address
  }
  return said.at(-1) ?? socket
}

/** Whether the other end of a socket is one of them. */
export function isTrustedPeer(peer: string, proxies: Proxies): boolean {
  return isTrusted(plainAddress(peer) ?? peer, proxies)
}

/** A home has a whole network of IPv6 addresses: its first half tells it. An IPv4 address that stands in one is itself. */
export function networkOf(peer: string): string {
  const address = plainAddress(peer) ?? peer
  if (!address.includes(':')) return address
  const [left = [], right = []] = address.split('::').map(half => half.split(':').filter(group => group !== ''))
  return [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right].slice(0, 4).join(':')
}

function isTrusted(address: string, proxies: Proxies): boolean {
  const version = isIP(address)
  return version !== 0 && proxies.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** An address without the port that may follow it, and an IPv4 address without the IPv6 in which it may stand. */
function plainAddress(text: string): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []
  const address = (bracketed ?? dotted ?? text).replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(address) === 0 ? undefined : address
}
