/** Saves what the daemon answers as a file: a plain link would come without the login. */

import type { Api } from './context.ts'
import { loginNow } from './login.ts'

/** @throws ApiError */
export async function saveFile(api: Api, path: string): Promise<void> {
  if (!loginNow()) return follow(path, '') // as it comes, however long it is
  const response = await api.open(path)
  const [, name = 'wattslug'] = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '') ?? []
  const address = URL.createObjectURL(await response.blob())
  follow(address, name)
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

function follow(address: string, name: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}
