/** The commands: one table of what the program can be told to do, for the command line, its help and the shells' completions. */

interface CommandRow {
  readonly name: string
  /** What a file behind it may be called, if one must be named. */
  readonly operand?: string
  /** Whether the service is meant when no settings and no state are named. */
  readonly isForService: boolean
  /** Whether the state folder must be there and can be written to. */
  readonly writesState: boolean
  readonly about: string
}

export const commands = [
  { name: 'run', isForService: false, writesState: true, about: 'read the meter and serve it' },
  {
    name: 'doctor',
    isForService: true,
    writesState: false,
    about: 'say what is found of the machine, ports and meters, and what to do next'
  },
  { name: 'status', isForService: true, writesState: false, about: 'say in a few lines how the daemon is that runs' },
  {
    ...{ name: 'record', operand: 'meter.txt', isForService: false, writesState: true },
    about: 'write down what the meter says, for a report of a problem'
  },
  { name: 'passwd', isForService: true, writesState: true, about: "set the owner's password" },
  {
    ...{ name: 'backup', operand: 'house.ndjson', isForService: true, writesState: false },
    about: 'write history, energy, tariff and sensors into a file, while the daemon runs'
  },
  {
    ...{ name: 'restore', operand: 'house.ndjson', isForService: true, writesState: false },
    about: 'take such a file back, in the place of all of these'
  }
] as const satisfies readonly CommandRow[]

export type CommandName = (typeof commands)[number]['name']

/** An option that names a file, and that only some commands have. */
interface OptionRow {
  readonly of: readonly CommandName[]
  readonly about: string
}

/** Options that are no settings. */
export const ownOptions = {
  report: { of: ['doctor'], about: 'write a file for whoever helps, without anything secret or private; - is the screen' },
  'password-file': { of: ['status', 'backup', 'restore'], about: "the owner's password is the first line of this file" }
} as const satisfies Readonly<Record<string, OptionRow>>

/** How a command is written. */
export function usageOf(name: CommandName): string {
  return operandOf(name) === undefined ? name : `${name} FILE`
}

/** What a file behind it may be called, if one must be named. */
export function operandOf(name: CommandName): string | undefined {
  const row: CommandRow | undefined = commands.find(command => command.name === name)
  return row?.operand
}
