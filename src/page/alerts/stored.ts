/** The rules of this browser: each phone has its own. */

import { keep, recall } from '../storage.ts'
import { type Rule, readRules } from './rules.ts'

const stored = 'alerts'

export function storedRules(): readonly Rule[] {
  return readRules(recall(stored) ?? '')
}

export function storeRules(rules: readonly Rule[]): void {
  keep(stored, rules.length === 0 ? undefined : JSON.stringify(rules))
}
