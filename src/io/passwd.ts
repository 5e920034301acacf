/** `wattslug passwd`: asks for the password twice on a terminal, or reads it once from whatever is piped in, and writes it. */
import { createInterface } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import { passwordFile, writePassword } from './password.ts'

type Input = NodeJS.ReadStream | ReadStream
type Output = NodeJS.WriteStream | WriteStream

/** Enter; or Control and C or D, with which nothing is changed. */
const ends = ['\r', '\n', '\x03', '\x04']

/** Answers the exit code. @throws Error when it cannot be written */
export async function setPassword(state: string, input: Input, output: Output): Promise<number> {
  const password = input.isTTY ? await askTwice(input, output) : await firstLine(input)
  if (password === undefined) {
    output.write('The two are not the same; nothing was changed.\n')
    return 1
  }
  await writePassword(state, password)
  output.write(`It counts from now on, as the owner's. To have none again, remove ${passwordFile(state)}\n`)
  return 0
}

async function askTwice(input: Input, output: Output): Promise<string | undefined> {
  const first = await askHidden(input, output, 'Password: ')
  return (await askHidden(input, output, 'The same again: ')) === first ? first : undefined
}

/** Reads a line from a terminal that does not show it. @throws Error when it is broken off */
export function askHidden(input: Input, output: Output, question: string): Promise<string> {
  output.write(question)
  input.setRawMode(true)
  input.resume()
  return new Promise((resolve, reject) => {
    let typed = ''
    const take = (chunk: Buffer): void => {
      const characters = [...chunk.toString()]
      const end = characters.findIndex(character => ends.includes(character))
      typed += characters.slice(0, end < 0 ? undefined : end).join('')
      if (end < 0) return
      input.off('data', take)
      input.setRawMode(false)
      input.pause()
      input.unshift(chunk.subarray(Buffer.byteLength(characters.slice(0, end + 1).join('')))) // what was typed ahead
      output.write('\n')
      if (/[\r\n]/.test(characters[end] ?? '')) resolve(erase(typed))
      else reject(new Error('nothing was changed'))
    }
    input.on('data', take)
  })
}

/** What is left where some was taken back as it was typed. */
function erase(typed: string): string {
  let left = ''
  for (const character of typed) left = character === '\x7f' || character === '\b' ? left.slice(0, -1) : left + character
  return left
}

async function firstLine(input: Input): Promise<string> {
  const lines = createInterface({ input })
  const line = await new Promise<string>(resolve => lines.once('line', resolve).once('close', () => resolve('')))
  input.destroy() // else it is waited for what may yet come
  return line
}
