/** What is kept: opens the store of what is read, and the broker that knows what an earlier run kept. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import type { Clock } from './io/clock.ts'
import type { Log } from './io/log.ts'
import type { Source } from './io/source.ts'
import { type DiskStore, openStore, type StoreStatus } from './io/store.ts'
import { Counters } from './memory/counters.ts'
import type { Authority } from './mqtt/access.ts'
import { Broker } from './mqtt/broker.ts'
import { brokerCounters } from './mqtt/household.ts'
import { Keeper } from './mqtt/keeper.ts'

/** The store, how it is, and what it gave back. */
export interface Keeping {
  /** Folder of the store. */
  readonly path: string
  readonly store: DiskStore
  readonly storeStatus: () => StoreStatus
  readonly broker: Broker
}

/** Text as the bytes that go out. */
export const encode = (text: string): Uint8Array => Buffer.from(text)
const decode = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

/** Opens what an earlier run kept. @throws Error when the store is held by another daemon */
export async function openKeeping(
  config: Config,
  sources: readonly Source[],
  authority: Authority,
  clock: Clock,
  log: Log
): Promise<Keeping> {
  const path = storePath(config, sources)
  if (config.sources.some(({ kind }) => kind === 'replay')) await clear(path)
  const { store, failing, storeStatus } = await openToldStore(path, log)
  const broker = await restoreBroker(store, failing, authority, clock)
  return { path, store, storeStatus, broker }
}

/** Opens the store, and tells how it is; `failing` is when it cannot be used. */
async function openToldStore(
  path: string,
  log: Log
): Promise<{ store: DiskStore; failing: Promise<void>; storeStatus: () => StoreStatus }> {
  let last: StoreStatus = { state: 'failing', isBad: false, message: '' }
  let tellFailing: () => void = () => undefined
  const failing = new Promise<void>(resolve => {
    tellFailing = resolve
  })
  const store = await openStore(path, status => {
    last = status
    log[status.isBad ? 'warning' : 'info'](status.message)
    if (status.state === 'failing') tellFailing()
  })
  return { store, failing, storeStatus: () => last }
}

/** Makes a broker that knows what an earlier run kept; if that cannot be read now, it takes it back as soon as it can. */
async function restoreBroker(store: DiskStore, failing: Promise<void>, authority: Authority, clock: Clock): Promise<Broker> {
  const keeper = new Keeper(store, { encode, decode }, clock)
  const randomId = (): string => `wattslug-${randomBytes(9).toString('hex')}`
  const broker = new Broker(new Counters(brokerCounters), keeper, () => clock.monotonicMs(), randomId, authority)
  const restored = new Promise<void>(resolve => {
    keeper.load(kept => {
      broker.restore(kept)
      resolve()
    })
  })
  await Promise.race([restored, failing])
  return broker
}

/** What is simulated or played back has a store of its own: it must not be added to what was measured. */
function storePath(config: Config, sources: readonly Source[]): string {
  const kind = config.sources.some(source => source.kind === 'replay')
    ? 'replay'
    : sources.some(source => source.simulated)
      ? 'demo'
      : 'store'
  return join(config.state, kind)
}

/** A recording begins anew each time. @throws Error when another daemon plays one */
async function clear(path: string): Promise<void> {
  const old = await openStore(path, () => undefined)
  await old.close()
  rmSync(path, { recursive: true, force: true })
}
