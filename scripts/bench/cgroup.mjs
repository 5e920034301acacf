/** A control group with little memory, version 1 or 2, beneath the one in which the bench runs. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, failure } from '../command.mjs'

const mounts = { 1: '/sys/fs/cgroup/memory', 2: '/sys/fs/cgroup' }

const aheadKilobytesMost = 512

/** Makes one. Its `wrap` has a command run in it, where possible by a copy of Node of its own, for pages that others have in memory too do not count. */
export const cgroupOf = async (bytes, { scratch }) => {
  const folder = make()
  try {
    limit(folder, bytes)
    const node = await ownNode(scratch)
    const wrap = (command, args) => {
      const own = command === process.execPath ? (node ?? command) : command
      return ['sh', ['-c', `echo $$ > '${folder}/cgroup.procs' && exec "$@"`, 'sh', own, ...args]]
    }
    return { wrap, isWhole: node !== undefined, remove: () => remove(folder) }
  } catch (error) {
    remove(folder)
    throw error
  }
}

const make = () => {
  const version = existsSync(join(mounts[2], 'cgroup.controllers')) ? 2 : 1
  const line = version === 2 ? /^0::(.*)$/m : /^\d+:memory:(.*)$/m
  const [, own = '/'] = line.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? []
  const parent = [join(mounts[version], own), mounts[version]].find(path => existsSync(path))
  if (parent === undefined) throw failure('cgroups of memory are not mounted')
  const folder = join(parent, `wattslug-bench-${process.pid}`)
  mkdirSync(folder)
  return folder
}

const limit = (folder, bytes) => {
  const put = (name, value) => writeFileSync(join(folder, name), String(value))
  if (existsSync(join(folder, 'memory.max'))) {
    put('memory.max', bytes)
    if (existsSync(join(folder, 'memory.swap.max'))) put('memory.swap.max', 0)
  } else if (existsSync(join(folder, 'memory.limit_in_bytes'))) {
    put('memory.limit_in_bytes', bytes)
    put('memory.swappiness', 0)
  } else {
    throw failure('the cgroup has no controller of memory')
  }
}

/**
 * A copy of Node's program that is on the disk and not in memory, so that who reads it first, the cgroup, is charged for it. Not where the
 * disk reads so much ahead (8 MB on some machines, 128 KB on boards) that pages nobody asked for would fill the cgroup.
 */
const ownNode = async scratch => {
  const { dev } = statSync(scratch)
  const aheadKilobytes = Number(read(`/sys/class/bdi/${(dev >> 8) & 0xfff}:${dev & 0xff}/read_ahead_kb`))
  if (!(aheadKilobytes <= aheadKilobytesMost)) return undefined
  const node = join(scratch, 'node')
  copyFileSync(process.execPath, node)
  await dd('if=/dev/null', `of=${node}`, 'oflag=append', 'conv=notrunc,fdatasync')
  await dd(`if=${node}`, 'of=/dev/null', 'iflag=nocache', 'count=0')
  return node
}

const dd = async (...args) => {
  const { code, output } = await capture('dd', args)
  if (code !== 0) throw failure(`dd: ${output}`)
}

const read = path => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const remove = folder => {
  try {
    rmdirSync(folder)
  } catch {
    // A process that has not quite gone keeps it; it holds nothing.
  }
}
