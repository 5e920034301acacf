/** A board in QEMU: its serial console, its USB port with a meter's cable, and its power switch. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { failure } from '../command.mjs'
import { boards } from './image.mjs'

const devices = (...names) => names.flatMap(name => ['-device', name])

const machines = {
  amd64: [
    'qemu-system-x86_64',
    ...['-accel', 'tcg', '-cpu', 'Nehalem', '-vga', 'none'],
    ...devices('virtio-blk-pci,drive=disk', 'virtio-blk-pci,drive=swap', 'virtio-net-pci,netdev=net,romfile=', 'piix3-usb-uhci,id=usb')
  ],
  armhf: [
    'qemu-system-arm',
    ...['-M', 'virt,highmem=off', '-accel', 'tcg', '-cpu', 'cortex-a7'],
    ...devices('virtio-blk-device,drive=disk', 'virtio-blk-device,drive=swap', 'virtio-net-device,netdev=net', 'pci-ohci,id=usb')
  ]
}

const freePort = () =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

export class Machine {
  #arch
  #memory
  #disks
  #folder
  #process
  #console
  #said = ''
  #cable
  /** Ports of this machine that lead to the board's 80 and 1883. */
  pagePort
  mqttPort
  /** When the power was switched on last. */
  startedMs

  constructor(arch, memory, disks) {
    Object.assign(this, { pagePort: 0, mqttPort: 0, startedMs: 0 })
    this.#arch = arch
    this.#memory = memory
    this.#disks = disks
    this.#folder = mkdtempSync(join(tmpdir(), 'wattslug-board-'))
  }

  /** Switches the power on, and waits for the shell on its console. What the board writes stays on its disk. */
  async start() {
    await this.switchOn()
    await this.untilUp()
  }

  untilUp() {
    return this.until('a shell on the console', () => /slug:~#/.test(this.#said), 900_000)
  }

  /** Switches the power on. */
  async switchOn() {
    mkdirSync(this.#folder, { recursive: true })
    this.pagePort ||= await freePort()
    this.mqttPort ||= await freePort()
    const { image, swap, kernel, ramdisk } = this.#disks
    const socket = name => `${this.#folder}/${name}.sock`
    const forward = `hostfwd=tcp:127.0.0.1:${this.pagePort}-:80,hostfwd=tcp:127.0.0.1:${this.mqttPort}-:1883`
    const [command, ...machine] = machines[this.#arch]
    const args = [
      ...machine,
      ...['-nographic', '-no-reboot', '-monitor', 'none', '-smp', '1', '-m', String(this.#memory)],
      ...['-kernel', kernel, '-initrd', ramdisk],
      ...['-append', `console=${boards[this.#arch].console} panic=-1 root=LABEL=slug rw net.ifnames=0 quiet`],
      ...['-drive', `file=${image},if=none,id=disk,format=raw,cache=unsafe`], // the disk outlives this QEMU
      ...['-drive', `file=${swap},if=none,id=swap,format=raw,cache=unsafe`],
      ...['-netdev', `user,id=net,restrict=on,${forward}`],
      ...['-chardev', `socket,id=console,path=${socket('console')},server=on,wait=off`, '-serial', 'chardev:console'],
      ...['-chardev', `socket,id=meter,path=${socket('meter')},server=on,wait=off`],
      ...['-qmp', `unix:${socket('qmp')},server=on,wait=off`]
    ]
    this.#said = ''
    this.startedMs = Date.now()
    this.#process = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    this.#process.on('error', error => {
      throw failure(`${command}: ${error.message}`)
    })
    this.#console = await this.#connect('console')
    this.#console.setEncoding('utf8').on('data', text => {
      this.#said = (this.#said + text).slice(-200_000)
    })
  }

  async #connect(name) {
    for (let attempt = 0; attempt < 100; attempt++) {
      const socket = connect(`${this.#folder}/${name}.sock`)
      const isUp = await new Promise(resolve => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      if (isUp) return socket.on('error', () => undefined)
      await sleep(100)
    }
    throw failure(`QEMU opened no ${name}`)
  }

  /** Waits for something to become true; tells what the board said last when it does not. */
  async until(what, isSo, withinMs = 600_000) {
    const endMs = Date.now() + withinMs
    while (Date.now() < endMs) {
      const value = await isSo()
      if (value) return value
      if (this.#process?.exitCode !== null) break
      await sleep(250)
    }
    throw failure(`waited in vain for ${what}; the console said last:\n${this.#said.slice(-2_000)}`)
  }

  /** Runs a command in the board's shell and answers what it wrote. */
  async shell(command, withinMs = 300_000) {
    const mark = Math.random().toString(36).slice(2, 10)
    this.#said = ''
    // The marks are broken in two, so that the echo of the command is not taken for what it writes.
    const [half, rest] = [mark.slice(0, 4), mark.slice(4)]
    this.#console.write(`echo ${half}""${rest}; ${command}; echo ${half}""${rest} $?\n`)
    const whole = new RegExp(`${mark}\\r?\\n([^]*?)${mark} (\\d+)\\r?\\n`)
    const [, written, code] = await this.until(`the end of: ${command}`, () => whole.exec(this.#said), withinMs)
    return { code: Number(code), output: stripVTControlCharacters(written).replaceAll('\r', '').trim() }
  }

  /** Asks QEMU's own monitor. */
  async monitor(execute, args = {}) {
    const socket = await this.#connect('qmp')
    let said = ''
    socket.setEncoding('utf8').on('data', text => {
      said += text
    })
    for (const command of [{ execute: 'qmp_capabilities' }, { execute, arguments: args }]) socket.write(`${JSON.stringify(command)}\n`)
    await this.until(`QEMU to ${execute}`, () => said.split('"return"').length > 2 || said.includes('"error"') || socket.closed)
    socket.destroy()
    if (said.includes('"error"')) throw failure(`QEMU: ${said}`)
  }

  /** Plugs the cable in: an FTDI adapter, on whose other side a meter speaks. */
  async plug(meter) {
    await this.monitor('device_add', { driver: 'usb-serial', id: 'cable', chardev: 'meter', serial: 'CC128A' })
    this.#cable = await this.#connect('meter')
    void speak(meter, this.#cable)
  }

  /** Pulls the cable. */
  async unplug() {
    this.#cable?.destroy()
    await this.monitor('device_del', { id: 'cable' })
  }

  /** Cuts the power, in the midst of whatever is written: what the board had not yet handed to its disk is lost. */
  async cut() {
    this.#cable?.destroy()
    const ended = new Promise(resolve => this.#process.once('exit', resolve))
    this.#process.kill('SIGKILL')
    await ended
    this.#console.destroy()
  }

  async dispose() {
    if (this.#process?.exitCode === null && !this.#process.killed) await this.cut()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Says what the meter says, when it says it, until the cable is pulled. */
const speak = async (meter, cable) => {
  while (!cable.destroyed) {
    const { kind, atMs, bytes } = meter.next(Date.now())
    await sleep(Math.max(0, atMs - Date.now()))
    if (kind === 'bytes' && !cable.destroyed) cable.write(bytes)
  }
}
