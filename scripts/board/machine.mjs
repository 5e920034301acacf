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

const machines = {
  amd64: [
    'qemu-system-x86_64',
    ...['-accel', 'tcg', '-cpu', 'max'],
    ...['-device', 'virtio-blk-pci,drive=disk', '-device', 'virtio-net-pci,netdev=net,romfile=', '-device', 'piix3-usb-uhci,id=usb']
  ],
  armhf: [
    'qemu-system-arm',
    ...['-M', 'virt,highmem=off', '-accel', 'tcg', '-cpu', 'cortex-a7'],
    ...['-device', 'virtio-blk-device,drive=disk', '-device', 'virtio-net-device,netdev=net', '-device', 'pci-ohci,id=usb']
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
  #disk
  #folder
  #process
  #console
  #said = ''
  #meter
  /** Ports of this machine that lead to the board's 80 and 1883. */
  pagePort
  mqttPort
  /** When the power was switched on last. */
  startedMs

  constructor(arch, memory, disk) {
    Object.assign(this, { pagePort: 0, mqttPort: 0, startedMs: 0 })
    this.#arch = arch
    this.#memory = memory
    this.#disk = disk
    this.#folder = mkdtempSync(join(tmpdir(), 'wattslug-board-'))
  }

  /** Switches the power on. What the board writes stays on its disk. */
  async start() {
    mkdirSync(this.#folder, { recursive: true })
    this.pagePort ||= await freePort()
    this.mqttPort ||= await freePort()
    const { image, kernel, ramdisk } = this.#disk
    const socket = name => `${this.#folder}/${name}.sock`
    const forward = `hostfwd=tcp:127.0.0.1:${this.pagePort}-:80,hostfwd=tcp:127.0.0.1:${this.mqttPort}-:1883`
    const [command, ...machine] = machines[this.#arch]
    const args = [
      ...machine,
      ...['-nographic', '-no-reboot', '-monitor', 'none', '-smp', '1', '-m', String(this.#memory)],
      ...['-kernel', kernel, '-initrd', ramdisk],
      ...['-append', `console=${boards[this.#arch].console} panic=-1 root=/dev/vda rw net.ifnames=0 quiet`],
      ...['-drive', `file=${image},if=none,id=disk,format=raw,cache=writeback`],
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
    await this.until('a shell on the console', () => /slug:~#/.test(this.#said), 600_000)
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
  async until(what, isSo, withinMs = 300_000) {
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
    const mark = `done-${Math.random().toString(36).slice(2)}`
    const from = this.#said.length
    this.#said = this.#said.slice(from)
    // The mark is broken in two, so that the echo of the command is not taken for its end.
    this.#console.write(`${command}; echo ${mark.slice(0, 6)}""${mark.slice(6)} $?\n`)
    const end = new RegExp(`${mark} (\\d+)\\r?\\n`)
    const [, code] = await this.until(`the end of: ${command}`, () => end.exec(this.#said), withinMs)
    // Behind the echo of the command.
    const lines = stripVTControlCharacters(this.#said.split(end)[0]).replaceAll('\r', '').split('\n').slice(1)
    const output = lines.join('\n').trim()
    return { code: Number(code), output }
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

  /** Plugs the cable in: an FTDI adapter, on whose other side a meter speaks each second. */
  async plug(nextMessage) {
    await this.monitor('device_add', { driver: 'usb-serial', id: 'cable', chardev: 'meter', serial: 'CC128A' })
    const socket = await this.#connect('meter')
    this.#meter = { socket, timer: setInterval(() => socket.write(nextMessage()), 1_000) }
  }

  /** Pulls the cable. */
  async unplug() {
    this.#silence()
    await this.monitor('device_del', { id: 'cable' })
  }

  #silence() {
    clearInterval(this.#meter?.timer)
    this.#meter?.socket.destroy()
    this.#meter = undefined
  }

  /** Cuts the power, in the midst of whatever is written. */
  async cut() {
    this.#silence()
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
